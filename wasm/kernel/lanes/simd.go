//go:build goexperiment.simd && go1.27

package lanes

import "simd"

// Compiled reports whether this build holds vector code at all.
const Compiled = true

// Bits is the width of a vector in bits, 0 where the scalar code runs: on a
// machine whose vectors would be emulated, the scalar code is much faster.
func Bits() int {
	if simd.Emulated() {
		return 0
	}
	return simd.VectorBitSize()
}

//go:build !(goexperiment.simd && go1.27)

package lanes

// Compiled reports whether this build holds vector code at all.
const Compiled = false

// Bits is 0: this build has only the scalar code.
func Bits() int { return 0 }

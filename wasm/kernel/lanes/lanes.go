// Package lanes says which vectors this process computes with.
package lanes

import "strconv"

// Name is how an implementation is called in tests and on screen: "simd-512",
// "simd-256", "simd-128" or "scalar".
func Name() string {
	if Bits() == 0 {
		return "scalar"
	}
	return "simd-" + strconv.Itoa(Bits())
}

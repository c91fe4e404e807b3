// Package kerneltest holds what every implementation of an operation is tested
// with: deterministic inputs, one table of cases an operation, and the
// comparison with the scalar reference.
package kerneltest

// Fill returns n values in [-1,1) made by an integer hash of (seed, index), so
// that a golden script in any language can make the same ones. In uint32
// arithmetic that wraps around:
//
//	h = index + seed*0x9e3779b9
//	h = (h ^ h>>16) * 0x7feb352d
//	h = (h ^ h>>15) * 0x846ca68b
//	h =  h ^ h>>16
//	value = (h>>8) / 2^23 - 1
//
// The two multipliers are those of the hash "lowbias32" (Wellons 2018). The
// upper 24 bits are exact in float32.
func Fill(seed uint32, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		h := uint32(i) + seed*0x9e3779b9
		h = (h ^ h>>16) * 0x7feb352d
		h = (h ^ h>>15) * 0x846ca68b
		h ^= h >> 16
		out[i] = float32(h>>8)/(1<<23) - 1
	}
	return out
}

// Scaled is Fill with every value multiplied by by: weights of a layer that
// sums many products are kept near 1/sqrt(inputs).
func Scaled(seed uint32, n int, by float32) []float32 {
	out := Fill(seed, n)
	for i := range out {
		out[i] *= by
	}
	return out
}

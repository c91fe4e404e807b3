//go:build !(goexperiment.simd && go1.27)

package norm

// rowVectors is the scalar code in a build without vectors.
func rowVectors(y, x, scale, shift []float32) { rowScalar(y, x, scale, shift) }

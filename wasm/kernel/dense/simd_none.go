//go:build !(goexperiment.simd && go1.27)

package dense

// columnsVectors is the scalar code in a build without vectors.
func columnsVectors(y, x, w, b []float32, s Shape, m0, m1 int) {
	columnsScalar(y, x, w, b, s, m0, m1)
}

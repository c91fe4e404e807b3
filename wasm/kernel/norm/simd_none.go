//go:build !(goexperiment.simd && go1.27)

package norm

// rowVectors is the scalar code in a build without vectors.
func rowVectors(y, x, scale, shift []float32) { rowScalar(y, x, scale, shift) }

func momentsVectors(sum, squares, x, shift []float32) { momentsScalar(sum, squares, x, shift, 0) }

func slopesVectors(sum, products, g, x, mean []float32) {
	slopesScalar(sum, products, g, x, mean, 0)
}

func linearVectors(g, x, a, b, d []float32) { linearScalar(g, x, a, b, d) }

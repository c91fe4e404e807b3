//go:build !(goexperiment.simd && go1.27)

package depthwise

// What the vector code does, in a build without vectors.

func rowVectors(out, in, w, b []float32, k, stride, row int) {
	rowScalar(out, in, w, b, k, stride, row)
}

func copyBlocksVectors(to, from []float32, n, toStride, fromStride int) {
	for i := range n {
		copyPart(to[i*toStride:], from[i*fromStride:], block)
	}
}

func weightRowVectors(sums, in, dy []float32, k, stride, row int) {
	weightRowScalar(sums, in, dy, k, stride, row)
}

func scaleVectors(x []float32, scale, shift *[block]float32) { scaleScalar(x, scale, shift) }

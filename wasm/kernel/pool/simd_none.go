//go:build !(goexperiment.simd && go1.27)

package pool

// What the vector code does, in a build without vectors.

func averageVectors(y, x []float32, s Shape, c0, c1 int) { averageScalar(y, x, s, c0, c1) }

func maximumVectors(y, x []float32, s Shape, c0, c1 int) { maximumScalar(y, x, s, c0, c1) }

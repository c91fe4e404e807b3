//go:build !(goexperiment.simd && go1.27)

package activation

// vectors is the scalar code in a build without vectors.
func (k Kind) vectors(y []float32) { k.scalar(y) }

// gradientVectors is the scalar code in a build without vectors.
func (k Kind) gradientVectors(dy, z []float32) { k.gradientScalar(dy, z) }

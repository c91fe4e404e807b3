//go:build !(goexperiment.simd && go1.27)

package pointwise

// What the vector code does, in a build without vectors.

func panelVectors(p *Packed, y, x []float32, rows int, t panel) { panelScalar(p, y, x, rows, t) }

func multiplyRows(y, x, gate []float32) { multiplyRowsScalar(y, x, gate) }

// Add adds x to y.
func Add(y, x []float32) { addScalar(y, x) }

func weightGradientVectors(dw, x, dy []float32, channels int, s Shape) {
	panic("BUG: pointwise: vectors in a build without them")
}

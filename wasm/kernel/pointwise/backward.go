package pointwise

import "blastlens/wasm/kernel/lanes"

// RefBackward is the scalar reference of both gradients of y = x·w:
// dx [Rows,C] = dy·wᵀ, and xᵀ·dy is added to dw [C,M]. Either may be nil.
func RefBackward(dx, dw, x, w, dy []float32, s Shape) {
	for r := range s.Rows {
		for c := range s.C {
			sum := 0.0
			for m := range s.M {
				sum += float64(dy[r*s.M+m]) * float64(w[c*s.M+m])
			}
			if dx != nil {
				dx[r*s.C+c] = float32(sum)
			}
		}
	}
	if dw == nil {
		return
	}
	for c := range s.C {
		for m := range s.M {
			sum := float64(dw[c*s.M+m])
			for r := range s.Rows {
				sum += float64(x[r*s.C+c]) * float64(dy[r*s.M+m])
			}
			dw[c*s.M+m] = float32(sum)
		}
	}
}

// Gate multiplies each row of x [rows,C] by gate [C], into y.
func Gate(y, x, gate []float32) { multiplyRows(y, x, gate) }

// AddWeightGradient adds xᵀ·dy to dw [C,M], on the caller's thread.
func AddWeightGradient(dw, x, dy []float32, s Shape) {
	// Two vectors of dy of this many rows (32 KiB at most) stay in the
	// first-level cache while all channels of x meet them.
	const block = 256
	for r := 0; r < s.Rows; r += block {
		n := min(block, s.Rows-r)
		weightGradient(dw, x[r*s.C:(r+n)*s.C], dy[r*s.M:(r+n)*s.M], Shape{Rows: n, C: s.C, M: s.M})
	}
}

// tileRows is how many channels of x share the loads of dy.
const tileRows = 4

func weightGradient(dw, x, dy []float32, s Shape) {
	c := 0
	if lanes.Bits() > 0 && s.M*32 >= lanes.Bits() {
		c = s.C / tileRows * tileRows
		weightGradientVectors(dw, x, dy, c, s)
	}
	if c == s.C {
		return
	}
	for r := range s.Rows {
		row := dy[r*s.M : (r+1)*s.M]
		for k := c; k < s.C; k++ {
			v, to := x[r*s.C+k], dw[k*s.M:(k+1)*s.M]
			for m, d := range row {
				to[m] += v * d
			}
		}
	}
}

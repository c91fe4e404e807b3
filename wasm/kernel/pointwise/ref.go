package pointwise

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference. gate and residual are nil where absent.
func Ref(y, x, w, b, gate, residual []float32, s Shape, act activation.Kind) {
	for r := range s.Rows {
		for m := range s.M {
			sum := float64(b[m])
			for c := range s.C {
				v := x[r*s.C+c]
				if gate != nil {
					v *= gate[c]
				}
				sum += float64(v) * float64(w[c*s.M+m])
			}
			out := act.Apply(float32(sum))
			if residual != nil {
				out += residual[r*s.M+m]
			}
			y[r*s.M+m] = out
		}
	}
}

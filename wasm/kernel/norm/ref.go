package norm

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference.
func Ref(y, x, scale, shift []float32, s Shape, act activation.Kind) {
	for r := range s.Rows {
		for c := range s.C {
			y[r*s.C+c] = act.Apply(x[r*s.C+c]*scale[c] + shift[c])
		}
	}
}

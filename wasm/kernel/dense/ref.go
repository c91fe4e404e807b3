package dense

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference.
func Ref(y, x, w, b []float32, s Shape, act activation.Kind) {
	for m := range s.M {
		sum := float64(b[m])
		for c := range s.C {
			sum += float64(x[c]) * float64(w[c*s.M+m])
		}
		y[m] = act.Apply(float32(sum))
	}
}

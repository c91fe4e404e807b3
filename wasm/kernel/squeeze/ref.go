package squeeze

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference.
func Ref(gate, x, w1, b1, w2, b2 []float32, s Shape) {
	mean := make([]float64, s.C)
	for p := range s.Pixels {
		for c := range s.C {
			mean[c] += float64(x[p*s.C+c])
		}
	}
	hidden := make([]float64, s.S)
	for j := range s.S {
		sum := float64(b1[j])
		for c := range s.C {
			sum += mean[c] / float64(s.Pixels) * float64(w1[c*s.S+j])
		}
		hidden[j] = float64(activation.SiLU.Apply(float32(sum)))
	}
	for c := range s.C {
		sum := float64(b2[c])
		for j := range s.S {
			sum += hidden[j] * float64(w2[j*s.C+c])
		}
		gate[c] = activation.Sigmoid.Apply(float32(sum))
	}
}

package depthwise

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference.
func Ref(y, x, w, b []float32, s Shape, act activation.Kind) {
	pad := s.K / 2
	for oy := range s.OutH() {
		for ox := range s.OutW() {
			for c := range s.C {
				sum := float64(b[c])
				for ky := range s.K {
					iy := oy*s.Stride + ky - pad
					if iy < 0 || iy >= s.H {
						continue
					}
					for kx := range s.K {
						ix := ox*s.Stride + kx - pad
						if ix < 0 || ix >= s.W {
							continue
						}
						sum += float64(x[(iy*s.W+ix)*s.C+c]) * float64(w[(ky*s.K+kx)*s.C+c])
					}
				}
				y[(oy*s.OutW()+ox)*s.C+c] = act.Apply(float32(sum))
			}
		}
	}
}

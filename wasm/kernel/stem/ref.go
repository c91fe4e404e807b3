package stem

import "blastlens/wasm/kernel/activation"

// Ref is the scalar reference.
func Ref(y, x, w, b []float32, s Shape, act activation.Kind) {
	for oy := range s.OutH() {
		for ox := range s.OutW() {
			for m := range s.M {
				sum := float64(b[m])
				for ky := range 3 {
					iy := oy*2 + ky - 1
					if iy < 0 || iy >= s.H {
						continue
					}
					for kx := range 3 {
						ix := ox*2 + kx - 1
						if ix < 0 || ix >= s.W {
							continue
						}
						for c := range 3 {
							sum += float64(x[(iy*s.W+ix)*3+c]) * float64(w[((ky*3+kx)*3+c)*s.M+m])
						}
					}
				}
				y[(oy*s.OutW()+ox)*s.M+m] = act.Apply(float32(sum))
			}
		}
	}
}

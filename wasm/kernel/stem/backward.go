package stem

import (
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/scratch"
)

// RefBackward is the scalar reference: it adds the gradient of w to dw
// [3,3,3,M]. The picture has no gradient, as nothing learns from it.
func RefBackward(dw, x, dy []float32, s Shape) {
	for ky := range 3 {
		for kx := range 3 {
			for c := range 3 {
				for m := range s.M {
					at := ((ky*3+kx)*3+c)*s.M + m
					sum := float64(dw[at])
					for oy := range s.OutH() {
						iy := oy*2 + ky - 1
						if iy < 0 || iy >= s.H {
							continue
						}
						for ox := range s.OutW() {
							if ix := ox*2 + kx - 1; ix >= 0 && ix < s.W {
								sum += float64(x[(iy*s.W+ix)*3+c]) * float64(dy[(oy*s.OutW()+ox)*s.M+m])
							}
						}
					}
					dw[at] = float32(sum)
				}
			}
		}
	}
}

// AddWeightGradient adds the gradient of w to dw [3,3,3,M], on the caller's
// thread, one output row of pixels at a time as Run does.
func AddWeightGradient(dw, x, dy []float32, s Shape) {
	patches := scratch.Get(s.OutW() * taps)
	defer patches.Put()
	n := s.OutW() * s.M
	for oy := range s.OutH() {
		s.lay(patches.F, x, oy)
		pointwise.AddWeightGradient(dw, patches.F, dy[oy*n:(oy+1)*n], pointwise.Shape{Rows: s.OutW(), C: taps, M: s.M})
	}
}

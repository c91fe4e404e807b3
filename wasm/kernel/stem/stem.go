// Package stem is the network's first layer: a dense 3x3 convolution of the
// picture's three channels, stride 2, padding 1, NHWC.
package stem

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/scratch"
)

// Shape of one call: x [H,W,3], w [3,3,3,M] (ky,kx,in,out), b [M] -> y [OutH,OutW,M].
type Shape struct{ H, W, M int }

// OutH is the number of output rows.
func (s Shape) OutH() int { return (s.H-1)/2 + 1 }

// OutW is the number of output columns.
func (s Shape) OutW() int { return (s.W-1)/2 + 1 }

// Implementation names the code that Run chooses: it is package pointwise's.
func Implementation() string { return pointwise.Implementation() }

// taps is the number of inputs of an output: 3x3 pixels of 3 channels.
const taps = 27

// Run computes y as a matrix product: the 27 inputs of each output pixel are
// laid out as a row, one output row of pixels at a time.
func Run(y, x, w, b []float32, s Shape, act activation.Kind, threads *parallel.Pool) {
	packed := pointwise.Pack(w, b, taps, s.M)
	threads.Split(s.OutH(), func(lo, hi int) {
		patches := scratch.Get(s.OutW() * taps)
		defer patches.Put()
		n := s.OutW() * s.M
		for oy := lo; oy < hi; oy++ {
			s.lay(patches.F, x, oy)
			packed.Run(y[oy*n:(oy+1)*n], patches.F, nil, nil, s.OutW(), act, nil)
		}
	})
}

// lay writes the inputs of output row oy: patches [OutW][ky][kx][in].
func (s Shape) lay(patches, x []float32, oy int) {
	for ky := range 3 {
		iy := oy*2 + ky - 1
		if iy < 0 || iy >= s.H {
			for ox := range s.OutW() {
				clear(patches[ox*taps+ky*9:][:9])
			}
			continue
		}
		row := x[iy*s.W*3 : (iy+1)*s.W*3]
		for ox := range s.OutW() {
			d, at := patches[ox*taps+ky*9:][:9], (ox*2-1)*3
			if at >= 0 && at+9 <= len(row) {
				*(*[9]float32)(d) = [9]float32(row[at:])
				continue
			}
			clear(d)
			from, to := max(at, 0), min(at+9, len(row))
			copy(d[from-at:], row[from:to])
		}
	}
}

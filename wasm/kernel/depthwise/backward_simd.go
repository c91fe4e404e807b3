//go:build goexperiment.simd && go1.27

package depthwise

import "simd"

// weightRowVectors is weightRowScalar with a vector of channels at a time.
func weightRowVectors(sums, in, dy []float32, k, stride, row int) {
	for ky := range k {
		if k == 3 {
			weightTaps3(sums[ky*3*block:], in[ky*row:], dy, stride*block)
		} else {
			weightTaps5(sums[ky*5*block:], in[ky*row:], dy, stride*block)
		}
	}
}

// weightTaps3 adds to the sums of a kernel row's three taps; the input advances
// by step for each output pixel.
func weightTaps3(sums, in, dy []float32, step int) {
	var a0, a1, a2 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		t := sums[c:][:2*block+lanes]
		a0, a1, a2 = at(t, 0), at(t, 1), at(t, 2)
		x, g := in[c:], dy[c:]
		for len(g) >= lanes && len(x) >= 2*block+lanes {
			v := simd.LoadFloat32s(g)
			a0, a1, a2 = v.MulAdd(at(x, 0), a0), v.MulAdd(at(x, 1), a1), v.MulAdd(at(x, 2), a2)
			if len(g) < block || len(x) < step {
				break
			}
			x, g = x[step:], g[block:]
		}
		a0.Store(t)
		a1.Store(t[block:])
		a2.Store(t[2*block:])
	}
}

// weightTaps5 is weightTaps3 for five taps.
func weightTaps5(sums, in, dy []float32, step int) {
	var a0, a1, a2, a3, a4 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		t := sums[c:][:4*block+lanes]
		a0, a1, a2, a3, a4 = at(t, 0), at(t, 1), at(t, 2), at(t, 3), at(t, 4)
		x, g := in[c:], dy[c:]
		for len(g) >= lanes && len(x) >= 4*block+lanes {
			v := simd.LoadFloat32s(g)
			a0, a1, a2 = v.MulAdd(at(x, 0), a0), v.MulAdd(at(x, 1), a1), v.MulAdd(at(x, 2), a2)
			a3, a4 = v.MulAdd(at(x, 3), a3), v.MulAdd(at(x, 4), a4)
			if len(g) < block || len(x) < step {
				break
			}
			x, g = x[step:], g[block:]
		}
		a0.Store(t)
		a1.Store(t[block:])
		a2.Store(t[2*block:])
		a3.Store(t[3*block:])
		a4.Store(t[4*block:])
	}
}

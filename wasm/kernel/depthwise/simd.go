//go:build goexperiment.simd && go1.27

package depthwise

import "simd"

// rowVectors computes one output row of one block: out [columns][block] from
// the K padded rows at in, each row float32 long, w [K*K][block], b [block].
func rowVectors(out, in, w, b []float32, k, stride, row int) {
	switch {
	case k == 3 && stride == 1:
		row3(out, in, w, b, row)
	case k == 3:
		row3Stride2(out, in, w, b, row)
	case stride == 1:
		row5(out, in, w, b, row)
	default:
		row5Stride2(out, in, w, b, row)
	}
}

// at loads the vector of the given pixel, or tap, of a row of blocks.
func at(row []float32, i int) simd.Float32s { return simd.LoadFloat32s(row[i*block:]) }

func row3(out, in, w, b []float32, row int) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		bias := simd.LoadFloat32s(b[c:])
		for ox := 0; ox+tile <= len(out)/block; ox += tile {
			a0, a1, a2, a3 = bias, bias, bias, bias
			for ky := range 3 {
				x := in[ky*row+ox*block+c:][:5*block+lanes]
				f := w[ky*3*block+c:][:2*block+lanes]
				w0, w1, w2 := at(f, 0), at(f, 1), at(f, 2)
				v := at(x, 0)
				a0 = v.MulAdd(w0, a0)
				v = at(x, 1)
				a0, a1 = v.MulAdd(w1, a0), v.MulAdd(w0, a1)
				v = at(x, 2)
				a0, a1, a2 = v.MulAdd(w2, a0), v.MulAdd(w1, a1), v.MulAdd(w0, a2)
				v = at(x, 3)
				a1, a2, a3 = v.MulAdd(w2, a1), v.MulAdd(w1, a2), v.MulAdd(w0, a3)
				v = at(x, 4)
				a2, a3 = v.MulAdd(w2, a2), v.MulAdd(w1, a3)
				v = at(x, 5)
				a3 = v.MulAdd(w2, a3)
			}
			y := out[ox*block+c:][:3*block+lanes]
			a0.Store(y)
			a1.Store(y[block:])
			a2.Store(y[2*block:])
			a3.Store(y[3*block:])
		}
	}
}

func row3Stride2(out, in, w, b []float32, row int) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		bias := simd.LoadFloat32s(b[c:])
		for ox := 0; ox+tile <= len(out)/block; ox += tile {
			a0, a1, a2, a3 = bias, bias, bias, bias
			for ky := range 3 {
				x := in[ky*row+ox*2*block+c:][:8*block+lanes]
				f := w[ky*3*block+c:][:2*block+lanes]
				w0, w1, w2 := at(f, 0), at(f, 1), at(f, 2)
				v := at(x, 0)
				a0 = v.MulAdd(w0, a0)
				v = at(x, 1)
				a0 = v.MulAdd(w1, a0)
				v = at(x, 2)
				a0, a1 = v.MulAdd(w2, a0), v.MulAdd(w0, a1)
				v = at(x, 3)
				a1 = v.MulAdd(w1, a1)
				v = at(x, 4)
				a1, a2 = v.MulAdd(w2, a1), v.MulAdd(w0, a2)
				v = at(x, 5)
				a2 = v.MulAdd(w1, a2)
				v = at(x, 6)
				a2, a3 = v.MulAdd(w2, a2), v.MulAdd(w0, a3)
				v = at(x, 7)
				a3 = v.MulAdd(w1, a3)
				v = at(x, 8)
				a3 = v.MulAdd(w2, a3)
			}
			y := out[ox*block+c:][:3*block+lanes]
			a0.Store(y)
			a1.Store(y[block:])
			a2.Store(y[2*block:])
			a3.Store(y[3*block:])
		}
	}
}

func row5(out, in, w, b []float32, row int) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		bias := simd.LoadFloat32s(b[c:])
		for ox := 0; ox+tile <= len(out)/block; ox += tile {
			a0, a1, a2, a3 = bias, bias, bias, bias
			for ky := range 5 {
				x := in[ky*row+ox*block+c:][:7*block+lanes]
				f := w[ky*5*block+c:][:4*block+lanes]
				w0, w1, w2, w3, w4 := at(f, 0), at(f, 1), at(f, 2), at(f, 3), at(f, 4)
				v := at(x, 0)
				a0 = v.MulAdd(w0, a0)
				v = at(x, 1)
				a0, a1 = v.MulAdd(w1, a0), v.MulAdd(w0, a1)
				v = at(x, 2)
				a0, a1, a2 = v.MulAdd(w2, a0), v.MulAdd(w1, a1), v.MulAdd(w0, a2)
				v = at(x, 3)
				a0, a1, a2, a3 = v.MulAdd(w3, a0), v.MulAdd(w2, a1), v.MulAdd(w1, a2), v.MulAdd(w0, a3)
				v = at(x, 4)
				a0, a1, a2, a3 = v.MulAdd(w4, a0), v.MulAdd(w3, a1), v.MulAdd(w2, a2), v.MulAdd(w1, a3)
				v = at(x, 5)
				a1, a2, a3 = v.MulAdd(w4, a1), v.MulAdd(w3, a2), v.MulAdd(w2, a3)
				v = at(x, 6)
				a2, a3 = v.MulAdd(w4, a2), v.MulAdd(w3, a3)
				v = at(x, 7)
				a3 = v.MulAdd(w4, a3)
			}
			y := out[ox*block+c:][:3*block+lanes]
			a0.Store(y)
			a1.Store(y[block:])
			a2.Store(y[2*block:])
			a3.Store(y[3*block:])
		}
	}
}

func row5Stride2(out, in, w, b []float32, row int) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	for c := 0; c < block; c += lanes {
		bias := simd.LoadFloat32s(b[c:])
		for ox := 0; ox+tile <= len(out)/block; ox += tile {
			a0, a1, a2, a3 = bias, bias, bias, bias
			for ky := range 5 {
				x := in[ky*row+ox*2*block+c:][:10*block+lanes]
				f := w[ky*5*block+c:][:4*block+lanes]
				w0, w1, w2, w3, w4 := at(f, 0), at(f, 1), at(f, 2), at(f, 3), at(f, 4)
				v := at(x, 0)
				a0 = v.MulAdd(w0, a0)
				v = at(x, 1)
				a0 = v.MulAdd(w1, a0)
				v = at(x, 2)
				a0, a1 = v.MulAdd(w2, a0), v.MulAdd(w0, a1)
				v = at(x, 3)
				a0, a1 = v.MulAdd(w3, a0), v.MulAdd(w1, a1)
				v = at(x, 4)
				a0, a1, a2 = v.MulAdd(w4, a0), v.MulAdd(w2, a1), v.MulAdd(w0, a2)
				v = at(x, 5)
				a1, a2 = v.MulAdd(w3, a1), v.MulAdd(w1, a2)
				v = at(x, 6)
				a1, a2, a3 = v.MulAdd(w4, a1), v.MulAdd(w2, a2), v.MulAdd(w0, a3)
				v = at(x, 7)
				a2, a3 = v.MulAdd(w3, a2), v.MulAdd(w1, a3)
				v = at(x, 8)
				a2, a3 = v.MulAdd(w4, a2), v.MulAdd(w2, a3)
				v = at(x, 9)
				a3 = v.MulAdd(w3, a3)
				v = at(x, 10)
				a3 = v.MulAdd(w4, a3)
			}
			y := out[ox*block+c:][:3*block+lanes]
			a0.Store(y)
			a1.Store(y[block:])
			a2.Store(y[2*block:])
			a3.Store(y[3*block:])
		}
	}
}

// copyBlocksVectors copies n whole blocks between two strides.
func copyBlocksVectors(to, from []float32, n, toStride, fromStride int) {
	var v simd.Float32s
	lanes := v.Len()
	for i := range n {
		d, s := to[i*toStride:][:block], from[i*fromStride:][:block]
		for c := 0; c <= block-lanes; c += lanes {
			simd.LoadFloat32s(s[c:]).Store(d[c:])
		}
	}
}

// scaleVectors is scaleScalar with a vector of channels at a time.
func scaleVectors(x []float32, scale, shift *[block]float32) {
	var a simd.Float32s
	lanes := a.Len()
	for c := 0; c < block; c += lanes {
		a = simd.LoadFloat32s(scale[c:])
		b := simd.LoadFloat32s(shift[c:])
		for i := c; i+lanes <= len(x); i += block {
			simd.LoadFloat32s(x[i:]).MulAdd(a, b).Store(x[i:])
		}
	}
}

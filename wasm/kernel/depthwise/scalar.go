package depthwise

// rowScalar computes one output row of one block without vectors: out
// [columns][block] from the K padded rows at in, each row float32 long, w
// [K*K][block], b [block]. Four channels keep their sums in registers.
func rowScalar(out, in, w, b []float32, k, stride, row int) {
	for ox := range len(out) / block {
		at := ox * stride * block
		for c := 0; c < block; c += 4 {
			a0, a1, a2, a3 := b[c], b[c+1], b[c+2], b[c+3]
			for ky := range k {
				x := in[at+ky*row+c:]
				f := w[ky*k*block+c:]
				for kx := range k {
					u, v := x[kx*block:][:4], f[kx*block:][:4]
					a0 += u[0] * v[0]
					a1 += u[1] * v[1]
					a2 += u[2] * v[2]
					a3 += u[3] * v[3]
				}
			}
			o := out[ox*block+c:][:4]
			o[0], o[1], o[2], o[3] = a0, a1, a2, a3
		}
	}
}

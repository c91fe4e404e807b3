package pointwise

// scalarLanes is how many columns the scalar code computes at once: two rows of
// four keep eight sums and six factors, as many as there are registers.
const scalarLanes = 4

// panelScalar computes the product and bias of one panel without vectors.
func panelScalar(p *Packed, y, x []float32, rows int, t panel) {
	width := t.vectors * p.lanes
	w := p.w[t.w : t.w+p.c*width]
	b := p.b[t.b : t.b+width]
	for v, col := range []int{t.col0, t.col1}[:t.vectors] {
		if p.lanes == 1 {
			for r := range rows {
				sum := b[v]
				for k, a := range x[r*p.c : (r+1)*p.c] {
					sum += a * w[k*width+v]
				}
				y[r*p.m+col] = sum
			}
			continue
		}
		at := v * scalarLanes
		for r := 0; r < rows; r += 2 {
			s := min(r+1, rows-1) // an odd last row is computed twice
			tileScalar(y[r*p.m+col:], y[s*p.m+col:], x[r*p.c:(r+1)*p.c], x[s*p.c:(s+1)*p.c], w[at:], b[at:], width)
		}
	}
}

// tileScalar computes two rows of four columns; w advances by width a channel.
func tileScalar(y0, y1, x0, x1, w, b []float32, width int) {
	b = b[:scalarLanes]
	a00, a01, a02, a03 := b[0], b[1], b[2], b[3]
	a10, a11, a12, a13 := a00, a01, a02, a03
	x1 = x1[:len(x0)]
	for k, u := range x0 {
		v := x1[k]
		f := w[k*width:]
		f = f[:scalarLanes]
		a00 += u * f[0]
		a01 += u * f[1]
		a02 += u * f[2]
		a03 += u * f[3]
		a10 += v * f[0]
		a11 += v * f[1]
		a12 += v * f[2]
		a13 += v * f[3]
	}
	y0, y1 = y0[:scalarLanes], y1[:scalarLanes]
	y0[0], y0[1], y0[2], y0[3] = a00, a01, a02, a03
	y1[0], y1[1], y1[2], y1[3] = a10, a11, a12, a13
}

func multiplyRowsScalar(y, x, gate []float32) {
	for len(x) > 0 {
		row, out := x[:len(gate)], y[:len(gate)]
		for c, g := range gate {
			out[c] = row[c] * g
		}
		x, y = x[len(gate):], y[len(gate):]
	}
}

func addScalar(y, x []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += x[i]
	}
}

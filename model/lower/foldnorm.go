package lower

import "slices"

// foldNorm moves a batch-norm into the convolution before it:
// scale*(w·x + b) + shift = (scale*w)·x + (scale*b + shift).
func foldNorm(p *program) {
	for _, n := range slices.Clone(p.ops) {
		if n.kind != norm {
			continue
		}
		c := p.producer(n.in[0])
		if c == nil || c.kind != conv || p.soleUser(c.out) != n {
			continue
		}
		taps := len(c.w) / c.outC
		w, b := make([]float32, len(c.w)), make([]float32, c.outC)
		for m := range c.outC {
			for i := range taps {
				w[m*taps+i] = c.w[m*taps+i] * n.scale[m]
			}
			b[m] = n.shift[m]
			if c.b != nil {
				b[m] += c.b[m] * n.scale[m]
			}
		}
		c.w, c.b, c.out = w, b, n.out
		p.remove(n)
	}
}

// foldNormDense moves a batch-norm into the linear layer after it:
// w·(scale*x + shift) + b = (w*scale)·x + (w·shift + b). The sum runs in float64.
func foldNormDense(p *program) {
	for _, n := range slices.Clone(p.ops) {
		if n.kind != norm || n.act != "" {
			continue
		}
		d := p.soleUser(n.out)
		if d == nil || d.kind != dense {
			continue
		}
		w, b := make([]float32, len(d.w)), make([]float32, d.outC)
		for m := range d.outC {
			sum := 0.0
			if d.b != nil {
				sum = float64(d.b[m])
			}
			for c := range d.inC {
				w[m*d.inC+c] = d.w[m*d.inC+c] * n.scale[c]
				sum += float64(d.w[m*d.inC+c]) * float64(n.shift[c])
			}
			b[m] = float32(sum)
		}
		d.w, d.b, d.in[0] = w, b, n.in[0]
		p.remove(n)
	}
}

// Package pointwise is the 1x1 convolution on NHWC, a matrix product:
// act((x*gate)·w + b) + residual. It is nine tenths of the network's arithmetic.
package pointwise

import (
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/scratch"
)

// Shape of one call: x [Rows,C], w [C,M], b [M], gate [C], residual [Rows,M] -> y [Rows,M].
// Rows is N*H*W.
type Shape struct{ Rows, C, M int }

func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.Rows, s.C, s.M) }

// Implementation names the code that Pack chooses for layers at least one
// vector wide: "simd-512", "simd-256", "simd-128" or "scalar".
func Implementation() string { return lanes.Name() }

// Packed is a layer's weights, laid out for the code that this process runs:
// panels of two vectors of output channels, in each panel all input channels.
// It may serve several goroutines.
type Packed struct {
	c, m   int
	scalar bool
	lanes  int       // float32 a vector; the scalar code takes 4 or 1 columns for one
	panels []panel   // from left to right, together all M columns
	w      []float32 // [panel][C][columns of the panel]
	b      []float32 // [panel][columns of the panel]
}

// panel is one or two vectors of adjacent output channels. The second vector
// of the last panel ends at column M, and so may cover columns of the first one
// again: both compute the same values, and no column needs a partial store.
type panel struct {
	col0, col1 int // first column of each vector
	vectors    int // 1 or 2
	w, b       int // offsets into Packed.w and Packed.b
}

// Pack lays out w [C,M] and b [M] for this process. The result depends on the
// machine's vectors and must not be stored.
func Pack(w, b []float32, c, m int) *Packed {
	p := layout(c, m)
	for _, t := range p.panels {
		for v, col := range []int{t.col0, t.col1}[:t.vectors] {
			copy(p.b[t.b+v*p.lanes:], b[col:col+p.lanes])
			to := p.w[t.w+v*p.lanes:]
			for k := range c {
				copyVector(to[k*t.vectors*p.lanes:][:p.lanes], w[k*m+col:])
			}
		}
	}
	return p
}

// PackTransposed lays out w [C,M] for the gradient of the input: Run of the
// result computes dx [rows,C] = dy [rows,M]·wᵀ.
func PackTransposed(w []float32, c, m int) *Packed {
	const depth = 64 // rows of a panel that are written while they are in the first-level cache
	p := layout(m, c)
	for _, t := range p.panels {
		width := t.vectors * p.lanes
		for k0 := 0; k0 < m; k0 += depth {
			n := min(depth, m-k0)
			for v, col := range []int{t.col0, t.col1}[:t.vectors] {
				for lane := range p.lanes {
					from := w[(col+lane)*m+k0:][:n]
					to := p.w[t.w+k0*width+v*p.lanes+lane:]
					for k, x := range from {
						to[k*width] = x
					}
				}
			}
		}
	}
	return p
}

// layout makes room for C rows of M columns and as many biases, all zero.
func layout(c, m int) *Packed {
	p := &Packed{c: c, m: m}
	switch vector := lanes.Bits() / 32; {
	case vector > 0 && m >= vector:
		p.lanes = vector
	// A layer narrower than a vector is left to the scalar code. There is none
	// in B3, whose narrowest has 24 columns.
	case m >= scalarLanes:
		p.scalar, p.lanes = true, scalarLanes
	default:
		p.scalar, p.lanes = true, 1
	}
	p.split()
	columns := 0
	for i := range p.panels {
		t := &p.panels[i]
		t.w, t.b = c*columns, columns
		columns += t.vectors * p.lanes
	}
	p.w, p.b = make([]float32, c*columns), make([]float32, columns)
	return p
}

// copyVector copies a few values, for which the built-in copy is slow.
func copyVector(to, from []float32) {
	from = from[:len(to)]
	for len(to) >= 4 && len(from) >= 4 {
		*(*[4]float32)(to) = [4]float32(from)
		to, from = to[4:], from[4:]
	}
	for i := range to {
		to[i] = from[i]
	}
}

// split cuts the M columns into vectors, an odd one first, the others in pairs.
func (p *Packed) split() {
	vectors := (p.m + p.lanes - 1) / p.lanes
	at := func(v int) int { return min(v*p.lanes, p.m-p.lanes) }
	if vectors%2 == 1 {
		p.panels = append(p.panels, panel{col0: 0, vectors: 1})
	}
	for v := vectors % 2; v < vectors; v += 2 {
		p.panels = append(p.panels, panel{col0: at(v), col1: at(v + 1), vectors: 2})
	}
}

const (
	// blockRows is how many rows go through all panels before the next rows:
	// with up to blockDepth channels of each they stay in the second-level cache.
	// It is whole tiles of every kind, of four rows and of fourteen.
	blockRows = 56
	// blockDepth is how many input channels of a panel are used before the next
	// rows: 256 of them, two vectors of 64 bytes each, are 32 KiB, which stay in
	// the first-level cache.
	blockDepth = 256
	// panelRows: below this many rows threads share out the panels, not the
	// rows, so that each reads only its part of the weights.
	panelRows = 128
)

// Run computes y [rows,M] from x [rows,C]; gate [C] and residual [rows,M] are
// nil where absent. y may not overlap the others.
func (p *Packed) Run(y, x, gate, residual []float32, rows int, act activation.Kind, threads *parallel.Pool) {
	y, x = y[:rows*p.m], x[:rows*p.c]
	if rows < panelRows && threads.Threads() > 1 {
		if gate != nil {
			gated := scratch.Get(len(x))
			defer gated.Put()
			multiplyRows(gated.F, x, gate[:p.c])
			x = gated.F
		}
		threads.Split(len(p.panels), func(lo, hi int) { p.block(y, x, residual, rows, lo, hi, act) })
		return
	}
	threads.Split((rows+blockRows-1)/blockRows, func(lo, hi int) {
		var gated *scratch.Buffer
		if gate != nil {
			gated = scratch.Get(blockRows * p.c)
			defer gated.Put()
		}
		for i := lo; i < hi; i++ {
			r0, r1 := i*blockRows, min((i+1)*blockRows, rows)
			y, x, residual := y[r0*p.m:r1*p.m], x[r0*p.c:r1*p.c], residual
			if residual != nil {
				residual = residual[r0*p.m : r1*p.m]
			}
			if gate != nil {
				multiplyRows(gated.F[:len(x)], x, gate[:p.c])
				x = gated.F
			}
			p.block(y, x, residual, r1-r0, 0, len(p.panels), act)
		}
	})
}

// block computes all rows of panels p0..p1.
func (p *Packed) block(y, x, residual []float32, rows, p0, p1 int, act activation.Kind) {
	for _, t := range p.panels[p0:p1] {
		switch {
		case p.scalar:
			panelScalar(p, y, x, rows, t)
		case panelTall(p, y, x, rows, t):
		default:
			panelVectors(p, y, x, rows, t)
		}
	}
	c0, c1 := p.panels[p0].col0, p.m
	if p1 < len(p.panels) {
		c1 = p.panels[p1].col0
	}
	if c0 == 0 && c1 == p.m { // whole rows lie one after the other
		finish(y, residual, 0, act)
		return
	}
	for at := c0; at < len(y); at += p.m {
		finish(y[at:at+c1-c0], residual, at, act)
	}
}

// finish applies the activation to y, then adds the residual from offset at on.
func finish(y, residual []float32, at int, act activation.Kind) {
	act.Map(y)
	if residual != nil {
		Add(y, residual[at:at+len(y)])
	}
}

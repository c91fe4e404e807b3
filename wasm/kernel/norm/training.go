package norm

import (
	"math"

	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/scratch"
)

// Batch-norm in training (Ioffe and Szegedy 2015) needs sums over all rows of a
// batch before the first value can be computed. Parts of a batch are summed by
// themselves, on one thread each, and added up in a fixed order, so that a run
// can be repeated bit by bit.

// Moments are sums over rows, a value a channel: of x - Shift, and of its square.
// Shift is any value near the mean, the same for all parts.
type Moments struct {
	Shift        []float32
	Sum, Squares []float64
}

// NewMoments are the moments of no row; shift [C].
func NewMoments(shift []float32) *Moments {
	return &Moments{Shift: shift, Sum: make([]float64, len(shift)), Squares: make([]float64, len(shift))}
}

// sumRows is how many rows are summed in float32 before their sum joins the
// float64 total.
const sumRows = 64

// AddRows adds the rows of x [rows,C].
func (m *Moments) AddRows(x []float32) {
	c := len(m.Shift)
	buffer := scratch.Get(2 * c)
	defer buffer.Put()
	sums := buffer.F
	for len(x) > 0 {
		n := min(len(x), sumRows*c)
		clear(sums)
		if lanes.Bits() == 0 {
			momentsScalar(sums[:c], sums[c:], x[:n], m.Shift, 0)
		} else {
			momentsVectors(sums[:c], sums[c:], x[:n], m.Shift)
		}
		for i := range c {
			m.Sum[i] += float64(sums[i])
			m.Squares[i] += float64(sums[c+i])
		}
		x = x[n:]
	}
}

// Add adds another part's moments.
func (m *Moments) Add(o *Moments) {
	for i := range m.Sum {
		m.Sum[i] += o.Sum[i]
		m.Squares[i] += o.Squares[i]
	}
}

// Clear makes m the moments of no row.
func (m *Moments) Clear() {
	clear(m.Sum)
	clear(m.Squares)
}

// Statistics are mean and biased variance a channel over rows.
func (m *Moments) Statistics(mean, variance []float32, rows int) {
	for i, s := range m.Sum {
		d := s / float64(rows)
		mean[i] = float32(float64(m.Shift[i]) + d)
		variance[i] = float32(max(0, m.Squares[i]/float64(rows)-d*d))
	}
}

func momentsScalar(sum, squares, x, shift []float32, c0 int) {
	c := len(shift)
	for r := 0; r < len(x); r += c {
		row := x[r : r+c]
		for i := c0; i < c; i++ {
			d := row[i] - shift[i]
			sum[i] += d
			squares[i] += d * d
		}
	}
}

// Slopes are sums over rows that the backward pass of batch-norm needs, a value
// a channel: of the gradient g after it, and of g*(x - mean).
type Slopes struct{ Sum, Products []float64 }

// NewSlopes are the sums of no row of c channels.
func NewSlopes(c int) *Slopes { return &Slopes{make([]float64, c), make([]float64, c)} }

// AddRows adds rows of g and x, both [rows,C].
func (s *Slopes) AddRows(g, x, mean []float32) {
	c := len(mean)
	buffer := scratch.Get(2 * c)
	defer buffer.Put()
	sums := buffer.F
	for len(g) > 0 {
		n := min(len(g), sumRows*c)
		clear(sums)
		if lanes.Bits() == 0 {
			slopesScalar(sums[:c], sums[c:], g[:n], x[:n], mean, 0)
		} else {
			slopesVectors(sums[:c], sums[c:], g[:n], x[:n], mean)
		}
		for i := range c {
			s.Sum[i] += float64(sums[i])
			s.Products[i] += float64(sums[c+i])
		}
		g, x = g[n:], x[n:]
	}
}

// Add adds another part's sums.
func (s *Slopes) Add(o *Slopes) {
	for i := range s.Sum {
		s.Sum[i] += o.Sum[i]
		s.Products[i] += o.Products[i]
	}
}

// Clear makes s the sums of no row.
func (s *Slopes) Clear() {
	clear(s.Sum)
	clear(s.Products)
}

func slopesScalar(sum, products, g, x, mean []float32, c0 int) {
	c := len(mean)
	for r := 0; r < len(g); r += c {
		row, at := g[r:r+c], x[r:r+c]
		for i := c0; i < c; i++ {
			sum[i] += row[i]
			products[i] += row[i] * (at[i] - mean[i])
		}
	}
}

// Backward is the input's gradient as a linear function of g and x, a channel:
// dx = A*g + B*x + D.
type Backward struct{ A, B, D []float32 }

// NewBackward derives it for statistics that came from the batch: with
// i = 1/sqrt(variance+eps) and n rows,
//
//	dx = gamma*i * (g - sum(g)/n - (x-mean) * i*i * sum(g*(x-mean))/n)
func NewBackward(s *Slopes, gamma, mean, variance []float32, eps float64, rows int) Backward {
	b := Backward{make([]float32, len(gamma)), make([]float32, len(gamma)), make([]float32, len(gamma))}
	for c := range gamma {
		i := 1 / math.Sqrt(float64(variance[c])+eps)
		a := float64(gamma[c]) * i
		slope := -a * i * i * s.Products[c] / float64(rows)
		b.A[c], b.B[c] = float32(a), float32(slope)
		b.D[c] = float32(-a*s.Sum[c]/float64(rows) - slope*float64(mean[c]))
	}
	return b
}

// Run replaces g [rows,C] by the input's gradient; x [rows,C] is the input.
func (b Backward) Run(g, x []float32) {
	c := len(b.A)
	for r := 0; r < len(g); r += c {
		if lanes.Bits() == 0 {
			linearScalar(g[r:r+c], x[r:r+c], b.A, b.B, b.D)
		} else {
			linearVectors(g[r:r+c], x[r:r+c], b.A, b.B, b.D)
		}
	}
}

func linearScalar(g, x, a, b, d []float32) {
	x, a, b, d = x[:len(g)], a[:len(g)], b[:len(g)], d[:len(g)]
	for c := range g {
		g[c] = a[c]*g[c] + (b[c]*x[c] + d[c])
	}
}

// RefTraining is the scalar reference of batch-norm in training: y = gamma*(x -
// mean)/sqrt(variance+eps) + beta over the rows of x [Rows,C], and of its
// backward pass for the gradient dy after it: dx is set, dgamma and dbeta too.
func RefTraining(y, dx, dgamma, dbeta, x, gamma, beta, dy []float32, eps float64, s Shape) {
	n := float64(s.Rows)
	for c := range s.C {
		mean, variance := 0.0, 0.0
		for r := range s.Rows {
			mean += float64(x[r*s.C+c]) / n
		}
		for r := range s.Rows {
			d := float64(x[r*s.C+c]) - mean
			variance += d * d / n
		}
		i := 1 / math.Sqrt(variance+eps)
		sum, products := 0.0, 0.0
		for r := range s.Rows {
			unit := (float64(x[r*s.C+c]) - mean) * i
			y[r*s.C+c] = float32(float64(gamma[c])*unit + float64(beta[c]))
			sum += float64(dy[r*s.C+c])
			products += float64(dy[r*s.C+c]) * unit
		}
		dgamma[c], dbeta[c] = float32(products), float32(sum)
		for r := range s.Rows {
			unit := (float64(x[r*s.C+c]) - mean) * i
			dx[r*s.C+c] = float32(float64(gamma[c]) * i * (float64(dy[r*s.C+c]) - sum/n - unit*products/n))
		}
	}
}

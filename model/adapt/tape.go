package adapt

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// tape is a head for one batch size as a gorgonia graph: what goes in, what is
// learned, and the loss. Its first error stops all later building.
type tape struct {
	graph  *gorgonia.ExprGraph
	batch  int
	x      *gorgonia.Node // [batch, width], standardised features
	target *gorgonia.Node // [batch, classes], rows that sum to 1
	masks  []mask
	params []parameter
	loss   *gorgonia.Node
	cost   gorgonia.Value
	err    error
}

// mask is the input of a dropout: [batch, width] of 0 or 1/(1-p). gorgonia's
// own dropout takes its seed from the clock, so that no training could be repeated.
type mask struct {
	node *gorgonia.Node
	p    float64
}

// parameter is one learned array; only matrices decay, as in fastai.
type parameter struct {
	node  *gorgonia.Node
	value []float32
	decay bool
}

func newTape(batch, width, classes int) *tape {
	t := &tape{graph: gorgonia.NewGraph(), batch: batch}
	t.x = t.matrix("features", make([]float32, batch*width), batch, width)
	t.target = t.matrix("target", make([]float32, batch*classes), batch, classes)
	return t
}

func (t *tape) matrix(name string, backing []float32, rows, cols int) *gorgonia.Node {
	dense := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(backing))
	return gorgonia.NewMatrix(t.graph, tensor.Float32, gorgonia.WithShape(rows, cols), gorgonia.WithName(name), gorgonia.WithValue(dense))
}

// learned adds a parameter [rows, cols] that starts at, and learns in, value.
func (t *tape) learned(name string, value []float32, rows, cols int, decay bool) *gorgonia.Node {
	n := t.matrix(name, value, rows, cols)
	t.params = append(t.params, parameter{node: n, value: value, decay: decay})
	return n
}

// constant adds a matrix with the same value everywhere.
func (t *tape) constant(name string, rows, cols int, v float32) *gorgonia.Node {
	backing := make([]float32, rows*cols)
	for i := range backing {
		backing[i] = v
	}
	return t.matrix(name, backing, rows, cols)
}

// op keeps the first error of a chain of gorgonia calls; after one, the nodes
// are of no use and fit never sees them.
func (t *tape) op(f func() (*gorgonia.Node, error)) *gorgonia.Node {
	if t.err != nil {
		return nil
	}
	n, err := f()
	if err != nil {
		t.err = fmt.Errorf("adapt: building the graph: %w", err)
	}
	return n
}

func (t *tape) mul(a, b *gorgonia.Node) *gorgonia.Node {
	return t.op(func() (*gorgonia.Node, error) { return gorgonia.Mul(a, b) })
}

func (t *tape) add(a, b *gorgonia.Node) *gorgonia.Node {
	return t.op(func() (*gorgonia.Node, error) { return gorgonia.Add(a, b) })
}

func (t *tape) times(a, b *gorgonia.Node) *gorgonia.Node {
	return t.op(func() (*gorgonia.Node, error) { return gorgonia.HadamardProd(a, b) })
}

func (t *tape) relu(x *gorgonia.Node) *gorgonia.Node {
	return t.op(func() (*gorgonia.Node, error) { return gorgonia.Rectify(x) })
}

// rows repeats v [1, width] for each row of the batch. The product with a
// column of ones does it with a gradient that needs no broadcasting rule.
func (t *tape) rows(v *gorgonia.Node) *gorgonia.Node {
	return t.mul(t.constant("ones "+v.Name(), t.batch, 1, 1), v)
}

// dropout multiplies x [batch, width] by a fresh mask each step.
func (t *tape) dropout(name string, x *gorgonia.Node, width int, p float64) *gorgonia.Node {
	if p == 0 {
		return x
	}
	m := t.matrix(name, make([]float32, t.batch*width), t.batch, width)
	t.masks = append(t.masks, mask{node: m, p: p})
	return t.times(x, m)
}

// norm is batch-norm over the batch's own statistics, h [batch, width]. Mean
// and centring are products with constant matrices [batch, batch].
func (t *tape) norm(name string, h *gorgonia.Node, width int, gamma, beta []float32) *gorgonia.Node {
	mean := t.constant(name+" mean", t.batch, t.batch, 1/float32(t.batch))
	centring := t.constant(name+" centring", t.batch, t.batch, -1/float32(t.batch))
	if t.err != nil {
		return nil
	}
	diagonal := centring.Value().Data().([]float32)
	for i := range t.batch {
		diagonal[i*t.batch+i]++
	}
	centred := t.mul(centring, h)
	variance := t.mul(mean, t.op(func() (*gorgonia.Node, error) { return gorgonia.Square(centred) }))
	deviation := t.op(func() (*gorgonia.Node, error) {
		return gorgonia.Sqrt(t.add(variance, t.constant(name+" epsilon", t.batch, width, Epsilon)))
	})
	unit := t.op(func() (*gorgonia.Node, error) { return gorgonia.HadamardDiv(centred, deviation) })
	return t.affine(name, unit, width, gamma, beta)
}

// affine is x*gamma + beta, gamma and beta [width] learned.
func (t *tape) affine(name string, x *gorgonia.Node, width int, gamma, beta []float32) *gorgonia.Node {
	g := t.rows(t.learned(name+" gamma", gamma, 1, width, false))
	b := t.rows(t.learned(name+" beta", beta, 1, width, false))
	return t.add(t.times(x, g), b)
}

// close ends the tape: mean cross-entropy of logits [batch, classes], and its gradient.
func (t *tape) close(logits *gorgonia.Node) {
	logp := t.op(func() (*gorgonia.Node, error) { return gorgonia.LogSoftMax(logits) })
	total := t.op(func() (*gorgonia.Node, error) { return gorgonia.Sum(t.times(t.target, logp)) })
	share := gorgonia.NewConstant(-1 / float32(t.batch))
	t.loss = t.op(func() (*gorgonia.Node, error) { return gorgonia.Mul(total, share) })
	if t.err != nil {
		return
	}
	gorgonia.Read(t.loss, &t.cost)
	if _, err := gorgonia.Grad(t.loss, t.learn()...); err != nil {
		t.err = fmt.Errorf("adapt: gradient: %w", err)
	}
}

func (t *tape) learn() gorgonia.Nodes {
	nodes := make(gorgonia.Nodes, len(t.params))
	for i, p := range t.params {
		nodes[i] = p.node
	}
	return nodes
}

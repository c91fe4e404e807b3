package learn

import (
	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/scratch"
	"blastlens/wasm/kernel/stem"
)

type kind int

const (
	pointwiseKind kind = iota
	depthwiseKind
	stemKind
)

// chunk is how many float32 of a map are worked on at once: they stay in the
// second-level cache between the passes over them.
const chunk = 1 << 15

// convolution is a convolution, its batch-norm and its activation. The map
// before the batch-norm is kept for the backward pass; so is the one after the
// activation where the next layer reads it (keep): it is computed when that layer
// asks for a picture's map (finish). A depthwise convolution after an expansion
// computes the activation itself, as often as it reads the map: an expansion is
// the block's widest map, and writing it costs more than its arithmetic.
type convolution struct {
	net.Conv
	n         *Network
	kind      kind
	side, out int // pixels a side before and after
	weight    *Parameter
	norm      *batchNorm
	act       activation.Kind
	raw, done []float32 // [batch, out, out, Out]: before batch-norm, and after activation
	packed    *pointwise.Packed
	turned    *pointwise.Packed // transposed, for the input's gradient
	zeros     []float32         // the bias that there is not
	before    *convolution      // of a depthwise one: the expansion whose map before the batch-norm it reads
}

// convolution adds a layer for a map of *side pixels a side, and leaves there
// the side of what it makes.
func (n *Network) convolution(c net.Conv, side *int) *convolution {
	l := &convolution{Conv: c, n: n, side: *side, out: (*side-1)/c.Stride + 1, act: act(c.SiLU), zeros: make([]float32, c.Out)}
	switch {
	case c.Kernel == 1:
		l.kind = pointwiseKind
	case c.Groups > 1:
		l.kind = depthwiseKind
	default:
		l.kind = stemKind
	}
	l.weight = n.parameter(net.Tensor{Name: c.Name + ".weight", Shape: []int{c.Out, c.In / c.Groups, c.Kernel, c.Kernel}, Role: net.Weight})
	l.norm = n.newBatchNorm(c.Norm, c.Out, false)
	*side = l.out
	return l
}

// keep makes room for the map after the activation.
func (c *convolution) keep() { c.done = make([]float32, c.n.batch*c.values()) }

// prologue is what a depthwise convolution does to the map that it reads.
func (c *convolution) prologue() *depthwise.Prologue {
	if c.before == nil {
		return nil
	}
	return &depthwise.Prologue{Scale: c.before.norm.scale, Shift: c.before.norm.shift, Act: c.before.act}
}

// pixels and values are those of one picture's map after the convolution.
func (c *convolution) pixels() int { return c.out * c.out }
func (c *convolution) values() int { return c.pixels() * c.Out }

func (c *convolution) pooled() pool.Shape {
	return pool.Shape{Pixels: c.pixels(), C: c.Out, Kind: pool.MaxAvg}
}

func (c *convolution) depthwise() depthwise.Shape {
	return depthwise.Shape{H: c.side, W: c.side, C: c.In, K: c.Kernel, Stride: c.Stride}
}

func (c *convolution) pack(training bool) {
	c.packed = pointwise.Pack(c.weight.Value, c.zeros, c.In, c.Out)
	if training {
		c.turned = pointwise.PackTransposed(c.weight.Value, c.In, c.Out)
	}
}

// forward computes the map before batch-norm of size pictures, and the
// batch-norm's statistics. input gives a picture's map; gate, if any, the
// factors of its channels, which input has set.
func (c *convolution) forward(size int, input func(part, i int) []float32, gate func(i int) []float32) {
	c.norm.begin()
	values := c.values()
	c.n.each(size, func(part, lo, hi int) {
		for i := lo; i < hi; i++ {
			x, y := input(part, i), c.raw[i*values:(i+1)*values]
			switch c.kind {
			case stemKind:
				stem.Run(y, x, c.weight.Value, c.zeros, stem.Shape{H: c.side, W: c.side, M: c.Out}, activation.None, nil)
			case depthwiseKind:
				depthwise.RunAfter(c.prologue(), y, x, c.weight.Value, c.zeros, c.depthwise(), activation.None, nil)
			case pointwiseKind:
				var g []float32
				if gate != nil {
					g = gate(i)
				}
				rows := max(64, chunk/(c.In+c.Out))
				for r := 0; r < c.pixels(); r += rows {
					m := min(rows, c.pixels()-r)
					y := y[r*c.Out : (r+m)*c.Out]
					c.packed.Run(y, x[r*c.In:(r+m)*c.In], g, nil, m, activation.None, nil)
					if c.n.training {
						c.norm.moments[part].AddRows(y)
					}
				}
				continue
			}
			if c.n.training {
				c.norm.moments[part].AddRows(y)
			}
		}
	})
	c.norm.settle(size * c.pixels())
}

// finish computes picture i's map after batch-norm, activation and residual.
func (c *convolution) finish(i int, residual []float32) []float32 {
	values := c.values()
	raw, done := c.raw[i*values:(i+1)*values], c.done[i*values:(i+1)*values]
	rows := max(1, chunk/c.Out)
	for r := 0; r < c.pixels(); r += rows {
		m := min(rows, c.pixels()-r)
		at, to := r*c.Out, (r+m)*c.Out
		norm.Run(done[at:to], raw[at:to], c.norm.scale, c.norm.shift, norm.Shape{Rows: m, C: c.Out}, c.act, nil)
		if residual != nil {
			pointwise.Add(done[at:to], residual[at:to])
		}
	}
	return done
}

// unfinished is picture i's map before batch-norm and activation.
func (c *convolution) unfinished(i int) []float32 {
	return c.raw[i*c.values() : (i+1)*c.values()]
}

// output is picture i's map as finish left it.
func (c *convolution) output(i int) []float32 {
	return c.done[i*c.values() : (i+1)*c.values()]
}

// slopesOf turns g [size, values], the gradient after the activation, into the
// one before it, and sums what batch-norm's backward pass needs. make, if given,
// first makes g of a picture.
func (c *convolution) slopesOf(size int, g []float32, make func(part, i int)) {
	for _, s := range c.norm.slopes {
		s.Clear()
	}
	values := c.values()
	c.n.each(size, func(part, lo, hi int) {
		for i := lo; i < hi; i++ {
			if make != nil {
				make(part, i)
			}
			c.addSlopes(part, g[i*values:(i+1)*values], c.raw[i*values:(i+1)*values])
		}
	})
	c.norm.settleBackward()
}

// addSlopes does so for some rows of one picture.
func (c *convolution) addSlopes(part int, g, raw []float32) {
	rows := max(1, chunk/c.Out)
	z := scratch.Get(rows * c.Out)
	defer z.Put()
	for at := 0; at < len(g); at += rows * c.Out {
		to := min(at+rows*c.Out, len(g))
		if c.act != activation.None {
			norm.Run(z.F, raw[at:to], c.norm.scale, c.norm.shift, norm.Shape{Rows: (to - at) / c.Out, C: c.Out}, activation.None, nil)
			c.act.Gradient(g[at:to], z.F[:to-at])
		}
		c.norm.slopes[part].AddRows(g[at:to], raw[at:to], c.norm.mean)
	}
}

// learns reports whether the weights' gradient is wanted.
func (c *convolution) learns() bool {
	c.weight.frozen = c.n.Frozen
	return !c.weight.frozen
}

// pointwiseBackward takes g [size, values] as slopesOf left it. It writes the
// input's gradient to dx, plus the gradient that goes around, if any, and adds
// the weights'. input is a picture's input map. g's values are used up.
func (c *convolution) pointwiseBackward(size int, g, dx, around []float32, input func(i int) []float32) {
	learns := c.learns()
	c.n.each(size, func(part, lo, hi int) {
		for i := lo; i < hi; i++ {
			c.pointwisePicture(part, i, g, dx, around, input(i), nil, learns)
		}
	})
}

// pointwisePicture is pointwiseBackward for one picture; gate [In] multiplies
// the input as it did in forward. dx is the gradient of the gated input.
func (c *convolution) pointwisePicture(part, i int, g, dx, around, input, gate []float32, learns bool) {
	pixels := c.pixels()
	rows := max(64, chunk/(c.In+c.Out))
	var gated []float32
	if gate != nil && learns {
		buffer := scratch.Get(min(rows, pixels) * c.In)
		defer buffer.Put()
		gated = buffer.F
	}
	for r := 0; r < pixels; r += rows {
		m := min(rows, pixels-r)
		from, to := i*pixels+r, i*pixels+r+m // rows of the batch
		dy := g[from*c.Out : to*c.Out]
		c.norm.input.Run(dy, c.raw[from*c.Out:to*c.Out])
		var residual []float32
		if around != nil {
			residual = around[from*c.In : to*c.In]
		}
		c.turned.Run(dx[from*c.In:to*c.In], dy, nil, residual, m, activation.None, nil)
		if !learns {
			continue
		}
		x := input[r*c.In : (r+m)*c.In]
		if gate != nil {
			pointwise.Gate(gated[:len(x)], x, gate)
			x = gated[:len(x)]
		}
		pointwise.AddWeightGradient(c.weight.parts[part], x, dy, pointwise.Shape{Rows: m, C: c.In, M: c.Out})
	}
}

// depthwisePicture takes picture i of g as slopesOf left it, writes the input's
// gradient to dx and adds the weights'.
func (c *convolution) depthwisePicture(part, i int, g, dx, input []float32, learns bool) {
	values := c.values()
	dy, raw := g[i*values:(i+1)*values], c.raw[i*values:(i+1)*values]
	c.norm.input.Run(dy, raw)
	n := c.side * c.side * c.In
	depthwise.InputGradient(dx[i*n:(i+1)*n], dy, c.weight.Value, c.depthwise(), nil)
	if learns {
		depthwise.AddWeightGradient(c.prologue(), c.weight.parts[part], input, dy, c.depthwise())
	}
}

// stemBackward adds the gradient of the stem's weights.
func (c *convolution) stemBackward(size int, g []float32, picture func(i int) []float32) {
	if !c.learns() {
		return
	}
	values := c.values()
	c.n.each(size, func(part, lo, hi int) {
		for i := lo; i < hi; i++ {
			dy := g[i*values : (i+1)*values]
			c.norm.input.Run(dy, c.raw[i*values:(i+1)*values])
			stem.AddWeightGradient(c.weight.parts[part], picture(i), dy, stem.Shape{H: c.side, W: c.side, M: c.Out})
		}
	})
}

package learn

import (
	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
)

// block is one mobile inverted bottleneck in training.
type block struct {
	net.Block
	n         *Network
	expand    *convolution // nil where the block does not widen
	depthwise *convolution
	gate      *gate
	project   *convolution
	input     func(i int) []float32 // a picture's map before the block, once finished
}

// forward computes the block's projection of size pictures; input gives a
// picture's map and may be called once for each.
func (b *block) forward(size int, input func(part, i int) []float32) {
	first := b.depthwise
	if b.expand != nil {
		first = b.expand
	}
	first.forward(size, input, nil)
	if b.expand != nil {
		b.depthwise.forward(size, func(_, i int) []float32 { return b.expand.unfinished(i) }, nil)
	}
	b.project.forward(size, func(_, i int) []float32 {
		x := b.depthwise.finish(i, nil)
		b.gate.forward(i, x)
		return x
	}, b.gate.output)
}

// finish computes picture i's map after the block.
func (b *block) finish(_, i int) []float32 {
	var residual []float32
	if b.Skip() {
		residual = b.input(i)
	}
	return b.project.finish(i, residual)
}

func (b *block) output(i int) []float32 { return b.project.output(i) }

// backward takes the gradient of the block's output in gradients.stream, leaves
// that of its input in gradients.next and adds those of its parameters.
func (b *block) backward(size int) {
	g := &b.n.gradients
	p, d := b.project, b.depthwise
	// What goes around the block must outlive what goes through it.
	out := g.stream
	if b.Skip() {
		out = g.wide[:size*p.values()]
		copy(out, g.stream)
	}
	p.slopesOf(size, out, nil)

	learns := p.learns()
	b.gate.freeze(!learns)
	for _, s := range d.norm.slopes {
		s.Clear()
	}
	b.n.each(size, func(part, lo, hi int) {
		for i := lo; i < hi; i++ {
			p.pointwisePicture(part, i, out, g.narrow, nil, d.output(i), b.gate.output(i), learns)
			b.gate.slope(part, i, g.narrow[i*d.values():(i+1)*d.values()], d.output(i))
		}
		b.gate.backward(part, lo, hi, learns)
		for i := lo; i < hi; i++ {
			dy := g.narrow[i*d.values() : (i+1)*d.values()]
			norm.Run(dy, dy, b.gate.output(i), b.gate.share(i), norm.Shape{Rows: d.pixels(), C: d.Out}, activation.None, nil)
			d.addSlopes(part, dy, d.raw[i*d.values():(i+1)*d.values()])
		}
	})
	d.norm.settleBackward()

	learns = d.learns()
	if b.expand == nil {
		b.n.each(size, func(part, lo, hi int) {
			n := d.side * d.side * d.In
			for i := lo; i < hi; i++ {
				d.depthwisePicture(part, i, g.narrow, g.next, b.input(i), learns)
				if b.Skip() {
					pointwise.Add(g.next[i*n:(i+1)*n], g.stream[i*n:(i+1)*n])
				}
			}
		})
		return
	}
	e := b.expand
	e.slopesOf(size, g.wide, func(part, i int) {
		d.depthwisePicture(part, i, g.narrow, g.wide, e.unfinished(i), learns)
	})
	var around []float32
	if b.Skip() {
		around = g.stream
	}
	e.pointwiseBackward(size, g.wide, g.next, around, b.input)
}

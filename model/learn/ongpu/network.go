package ongpu

import (
	"blastlens/model/learn"
	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/kernel/wgsl"
)

// network is where everything lies that a backward pass needs of its forward
// pass: of each convolution the map before its batch-norm, of each block its
// output. What lies between is computed again: that is cheaper than its memory.
type network struct {
	*plan
	stem, last convolution
	stemOut    ref
	blocks     []block
	head       head

	learns, training bool // of the program that is being made
}

type convolution struct {
	net.Conv
	side, out int
	norm      batchNorm
	raw       ref // [batch, out, out, Out] before the batch-norm
	act       activation.Kind
}

type batchNorm struct {
	name     string
	shape    norm.Shape
	stats    ref // [4, C]
	running  ref // [2, C]
	gradient ref // [3, C], the factors of the input's
}

type block struct {
	net.Block
	expand, depthwise, project convolution
	mean, z, hidden, gate      ref // [batch, Mid], [batch, Squeezed] twice, [batch, Mid]
	out                        ref
}

type head struct {
	norms                   [2]batchNorm
	pooled, dropped, hidden ref
}

// inOne is for rows that are one picture's as far as the kernel sees.
func (p *plan) inOne() wgsl.Target { return wgsl.Target{Pictures: 1, Software: p.target.Software} }

func (c convolution) pixels() int { return c.out * c.out }

// keepMap and takeMap are keep and take for a map of the batch.
func (p *plan) keepMap(label string, pixels, channels int) ref {
	return p.asMap(channels, p.keep(label, p.mapSize(pixels, channels)))
}

func (p *plan) takeMap(pixels, channels int) ref {
	return p.asMap(channels, p.take(p.mapSize(pixels, channels)))
}

func (p *plan) asMap(channels int, r ref) ref {
	r.half = p.half && channels%4 == 0
	return r
}

func (p *plan) mapSize(pixels, channels int) int {
	n := p.batch * pixels * channels
	if p.half && channels%4 == 0 {
		return n / 2
	}
	return n
}

func (p *plan) network() *network {
	n := &network{plan: p}
	norms := 0
	batchNorm := func(name string, rows, channels int) batchNorm {
		b := batchNorm{name: name, shape: norm.Shape{Rows: rows, C: channels}, stats: p.keep(name, 4*channels), gradient: p.keep(name, 3*channels)}
		b.running = p.running.part(p.statistics.begins[norms], 2*channels)
		norms++
		return b
	}
	side := p.Size
	convolution := func(c net.Conv) convolution {
		l := convolution{Conv: c, side: side, out: (side-1)/c.Stride + 1}
		if c.SiLU {
			l.act = activation.SiLU
		}
		side = l.out
		l.raw = p.keepMap(c.Name, l.pixels(), c.Out)
		l.norm = batchNorm(c.Norm, p.batch*l.pixels(), c.Out)
		return l
	}
	n.stem = convolution(p.Stem)
	n.stemOut = p.keepMap("stem", n.stem.pixels(), p.Stem.Out)
	for _, t := range p.Blocks {
		b := block{Block: t}
		if t.Expands() {
			b.expand = convolution(t.Expansion())
		}
		b.depthwise = convolution(t.Depthwise())
		b.mean, b.gate = p.keep(t.Name+" means", p.batch*t.Mid), p.keep(t.Name+" gate", p.batch*t.Mid)
		b.z, b.hidden = p.keep(t.Name+" squeezed", p.batch*t.Squeezed), p.keep(t.Name+" hidden", p.batch*t.Squeezed)
		b.project = convolution(t.Projection())
		b.out = p.keepMap(t.Name, b.project.pixels(), t.Out)
		n.blocks = append(n.blocks, b)
	}
	n.last = convolution(p.Last)
	switch p.Head {
	case net.Fastai:
		wide := 2 * p.Last.Out
		p.masks = p.keep("dropout", p.batch*wide)
		p.masks2 = p.keep("dropout of the hidden layer", p.batch*p.Hidden)
		n.head.pooled, n.head.dropped = p.keep("features", p.batch*wide), p.keep("features after dropout", p.batch*wide)
		n.head.hidden = p.keep("hidden layer", p.batch*p.Hidden)
		n.head.norms[0] = batchNorm("head.2", p.batch, wide)
		n.head.norms[1] = batchNorm("head.6", p.batch, p.Hidden)
	default:
		n.head.pooled = p.keep("features", p.batch*p.Last.Out)
	}
	return n
}

// program makes a program of the network.
func (n *network) program(name string) {
	n.learns, n.training = name == free, name != judge
	n.forward()
	if !n.training {
		return
	}
	n.backward()
	sums := n.take(4 * sums)
	f := n.learned.total / 4
	for _, k := range normShaders(f) {
		n.call(k, map[wgsl.Role]ref{wgsl.X: n.grads, group: n.groups, settings: n.settings, wgsl.Scratch: sums, total: n.total})
	}
	n.give(sums)
	n.call(adamWShader(f), map[wgsl.Role]ref{
		wgsl.X: n.grads, total: n.total, weights: n.weights, first: n.first, second: n.second, group: n.groups, settings: n.settings,
	})
	n.call(averageShader(f), map[wgsl.Role]ref{wgsl.X: n.weights, total: n.total, settings: n.settings, wgsl.Y: n.averaged})
	n.call(averageShader(n.statistics.total/4), map[wgsl.Role]ref{wgsl.X: n.running, total: n.total, settings: n.settings, wgsl.Y: n.averagedRunning})
}

func (n *network) forward() {
	pictures := n.target
	n.call(stem.Shader(stem.Shape{H: n.stem.side, W: n.stem.side, M: n.stem.Out}, activation.None, pictures),
		map[wgsl.Role]ref{wgsl.X: n.x, wgsl.W: n.weight(n.stem.Name), wgsl.B: n.zeros, wgsl.Y: n.stem.raw})
	n.settle(n.stem.norm, n.stem.raw)
	n.finish(n.stem, n.stemOut, nil, nil)
	in := n.stemOut
	for _, b := range n.blocks {
		n.blockForward(b, in)
		in = b.out
	}
	n.pointwise(n.last, in)
	done := n.takeMap(n.last.pixels(), n.last.Out)
	n.finish(n.last, done, nil, nil)
	n.call(pool.Shader(n.pooling(), n.target), map[wgsl.Role]ref{wgsl.X: done, wgsl.Y: n.head.pooled})
	n.give(done)
	n.headForward()
}

func (n *network) pooling() pool.Shape {
	s := pool.Shape{Pixels: n.last.pixels(), C: n.last.Out, Kind: pool.Avg}
	if n.Head == net.Fastai {
		s.Kind = pool.MaxAvg
	}
	return s
}

// weight is a convolution's or linear layer's weights, bias the layer's bias.
func (n *network) weight(layer string) ref { return n.parameter(n.weights, layer+".weight") }
func (n *network) bias(layer string) ref   { return n.parameter(n.weights, layer+".bias") }

// dweight and dbias are their gradients.
func (n *network) dweight(layer string) ref { return n.parameter(n.grads, layer+".weight") }
func (n *network) dbias(layer string) ref   { return n.parameter(n.grads, layer+".bias") }

func (n *network) parameter(in ref, name string) ref {
	i := n.parameters[name]
	return in.part(n.learned.begins[i], n.learned.lengths[i])
}

// settle computes a batch-norm's statistics of its rows x.
func (n *network) settle(b batchNorm, x ref) {
	refs := map[wgsl.Role]ref{wgsl.W: n.weight(b.name), wgsl.B: n.bias(b.name), wgsl.Running: b.running, wgsl.Stats: b.stats}
	if !n.training {
		n.call(norm.FixedShader(b.shape.C, net.Eps), refs)
		return
	}
	parts := n.take(norm.Parts(b.shape) * 2 * b.shape.C)
	n.call(norm.MomentsShader(b.shape), map[wgsl.Role]ref{wgsl.X: x, wgsl.Y: parts})
	refs[wgsl.X] = parts
	n.call(norm.StatisticsShader(b.shape, net.Eps, learn.Momentum), refs)
	n.give(parts)
}

// finish computes the map y after batch-norm and activation, times the gate and
// plus the residual, if any.
func (n *network) finish(c convolution, y ref, gate, residual *ref) {
	refs := map[wgsl.Role]ref{wgsl.X: c.raw, wgsl.Stats: c.norm.stats, wgsl.Y: y}
	if gate != nil {
		refs[wgsl.Gate] = *gate
	}
	if residual != nil {
		refs[wgsl.Residual] = *residual
	}
	n.call(norm.ApplyShader(c.norm.shape, c.act, c.pixels(), gate != nil, residual != nil), refs)
}

// rows is the product of a convolution with the whole batch.
func (n *network) rows(c convolution) pointwise.Shape {
	return pointwise.Shape{Rows: n.batch * c.pixels(), C: c.In, M: c.Out}
}

// pointwise computes a convolution's map before the batch-norm, and statistics.
func (n *network) pointwise(c convolution, x ref) {
	n.call(pointwise.Shader(n.rows(c), activation.None, false, false, n.inOne()),
		map[wgsl.Role]ref{wgsl.X: x, wgsl.W: n.weight(c.Name), wgsl.B: n.zeros, wgsl.Y: c.raw})
	n.settle(c.norm, c.raw)
}

func (c convolution) channelwise() depthwise.Shape {
	return depthwise.Shape{H: c.side, W: c.side, C: c.In, K: c.Kernel, Stride: c.Stride}
}

func (b block) squeeze() squeeze.Shape {
	return squeeze.Shape{Pixels: b.depthwise.pixels(), C: b.Mid, S: b.Squeezed}
}

// layer is a gate's or head's linear layer on a row a picture, y = act(x·w + b).
func (n *network) layer(name string, x, bias ref, in, out int, act activation.Kind, y ref) {
	n.call(pointwise.Shader(pointwise.Shape{Rows: n.batch, C: in, M: out}, act, false, false, n.inOne()),
		map[wgsl.Role]ref{wgsl.X: x, wgsl.W: n.weight(name), wgsl.B: bias, wgsl.Y: y})
}

func (n *network) blockForward(b block, in ref) {
	d := b.depthwise
	x := in
	if b.Expands() {
		n.pointwise(b.expand, in)
		x = n.takeMap(b.expand.pixels(), b.Mid)
		n.finish(b.expand, x, nil, nil)
	}
	n.call(depthwise.Shader(d.channelwise(), activation.None, n.target),
		map[wgsl.Role]ref{wgsl.X: x, wgsl.W: n.weight(d.Name), wgsl.B: n.zeros, wgsl.Y: d.raw})
	if b.Expands() {
		n.give(x)
	}
	n.settle(d.norm, d.raw)
	x = n.takeMap(d.pixels(), b.Mid)
	n.finish(d, x, nil, nil)
	n.call(squeeze.MeanShader(b.squeeze(), n.target), map[wgsl.Role]ref{wgsl.X: x, wgsl.Y: b.mean})
	reduce, expand := b.Name+".se.conv_reduce", b.Name+".se.conv_expand"
	n.layer(reduce, b.mean, n.bias(reduce), b.Mid, b.Squeezed, activation.None, b.z)
	n.layer(reduce, b.mean, n.bias(reduce), b.Mid, b.Squeezed, activation.SiLU, b.hidden)
	n.layer(expand, b.hidden, n.bias(expand), b.Squeezed, b.Mid, activation.Sigmoid, b.gate)
	n.finish(d, x, &b.gate, nil)
	n.pointwise(b.project, x)
	n.give(x)
	var residual *ref
	if b.Skip() {
		residual = &in
	}
	n.finish(b.project, b.out, nil, residual)
}

func (n *network) headForward() {
	h := &n.head
	if n.Head != net.Fastai {
		n.layer("classifier", h.pooled, n.bias("classifier"), n.Last.Out, n.Classes, activation.None, n.logits)
		return
	}
	apply := func(b batchNorm, x, mask, y ref) {
		n.settle(b, x)
		n.call(norm.ApplyShader(b.shape, activation.None, 1, n.training, false),
			map[wgsl.Role]ref{wgsl.X: x, wgsl.Stats: b.stats, wgsl.Gate: mask, wgsl.Y: y})
	}
	apply(h.norms[0], h.pooled, n.masks, h.dropped)
	n.layer("head.4", h.dropped, n.zeros, 2*n.Last.Out, n.Hidden, activation.ReLU, h.hidden)
	y := n.take(n.batch * n.Hidden)
	apply(h.norms[1], h.hidden, n.masks2, y)
	n.layer("head.8", y, n.zeros, n.Hidden, n.Classes, activation.None, n.logits)
	n.give(y)
}

// sumInto adds up parts of a gradient.
func (n *network) sumInto(to, parts ref, count int) {
	n.call(pointwise.SumShader(count, to.n), map[wgsl.Role]ref{wgsl.X: parts, wgsl.Y: to})
}

// weightGradient is that of a product of rows.
func (n *network) weightGradient(to, x, dy ref, s pointwise.Shape) {
	parts := n.take(pointwise.WeightParts(s) * to.n)
	n.call(pointwise.WeightGradientShader(s), map[wgsl.Role]ref{wgsl.X: x, wgsl.DY: dy, wgsl.Y: parts})
	n.sumInto(to, parts, pointwise.WeightParts(s))
	n.give(parts)
}

// inputGradient is dx = dy·wᵀ, plus what goes around, if anything does.
func (n *network) inputGradient(layer string, dx, dy ref, around *ref, s pointwise.Shape) {
	turned := n.take(s.C * s.M)
	n.call(pointwise.TransposeShader(s.C, s.M), map[wgsl.Role]ref{wgsl.X: n.weight(layer), wgsl.Y: turned})
	refs := map[wgsl.Role]ref{wgsl.X: dy, wgsl.W: turned, wgsl.B: n.zeros, wgsl.Y: dx}
	if around != nil {
		refs[wgsl.Residual] = *around
	}
	n.call(pointwise.InputGradientShader(s, around != nil, n.inOne()), refs)
	n.give(turned)
}

// normBackward makes of dy, the gradient after a batch-norm and its activation,
// that of its rows x: in place, or in dx where that is another.
func (n *network) normBackward(b batchNorm, act activation.Kind, x, dy, dx ref) {
	parts := n.take(norm.Parts(b.shape) * 2 * b.shape.C)
	n.call(norm.SlopesShader(b.shape, act), map[wgsl.Role]ref{wgsl.DY: dy, wgsl.X: x, wgsl.Stats: b.stats, wgsl.Y: parts})
	n.call(norm.SettleShader(b.shape, net.Eps), map[wgsl.Role]ref{
		wgsl.X: parts, wgsl.Stats: b.stats, wgsl.W: n.weight(b.name), wgsl.Y: b.gradient, wgsl.DW: n.dweight(b.name), wgsl.DB: n.dbias(b.name),
	})
	n.give(parts)
	n.call(norm.InputGradientShader(b.shape, act, dy == dx),
		map[wgsl.Role]ref{wgsl.X: x, wgsl.Stats: b.stats, wgsl.W: b.gradient, wgsl.DY: dy, wgsl.Y: dx})
}

func (n *network) backward() {
	dlogits := n.take(n.batch * n.Classes)
	n.call(crossEntropyShader(n.batch, n.Classes), map[wgsl.Role]ref{wgsl.X: n.logits, target: n.labels, settings: n.settings, wgsl.Y: dlogits})
	dpooled := n.headBackward(dlogits)
	n.give(dlogits)

	l := n.last
	done, g := n.takeMap(l.pixels(), l.Out), n.takeMap(l.pixels(), l.Out)
	n.finish(l, done, nil, nil)
	n.call(pool.GradientShader(n.pooling(), n.target), map[wgsl.Role]ref{wgsl.X: done, wgsl.DY: dpooled, wgsl.Y: g})
	n.give(done, dpooled)
	n.normBackward(l.norm, l.act, l.raw, g, g)
	before := n.blocks[len(n.blocks)-1].out
	if n.learns {
		n.weightGradient(n.dweight(l.Name), before, g, n.rows(l))
	}
	dx := n.takeMap(l.pixels(), l.In)
	n.inputGradient(l.Name, dx, g, nil, n.rows(l))
	n.give(g)
	for i := len(n.blocks) - 1; i >= 0; i-- {
		in := n.stemOut
		if i > 0 {
			in = n.blocks[i-1].out
		}
		dx = n.blockBackward(n.blocks[i], in, dx)
	}
	n.normBackward(n.stem.norm, n.stem.act, n.stem.raw, dx, dx)
	if n.learns {
		s, to := stem.Shape{H: n.stem.side, W: n.stem.side, M: n.stem.Out}, n.dweight(n.stem.Name)
		count := stem.WeightParts(s, n.batch)
		parts := n.take(count * to.n)
		n.call(stem.WeightGradientShader(s, n.target), map[wgsl.Role]ref{wgsl.X: n.x, wgsl.DY: dx, wgsl.Y: parts})
		n.sumInto(to, parts, count)
		n.give(parts)
	}
	n.give(dx)
}

// blockBackward takes the gradient of the block's output and returns that of its
// input, in.
func (n *network) blockBackward(b block, in, g ref) ref {
	p, d, e := b.project, b.depthwise, b.expand
	// What goes around the block must outlive what goes through it.
	through := g
	var around *ref
	if b.Skip() {
		around, through = &g, n.takeMap(p.pixels(), b.Out)
	}
	n.normBackward(p.norm, p.act, p.raw, g, through)
	x := n.takeMap(d.pixels(), b.Mid)
	if n.learns {
		n.finish(d, x, &b.gate, nil)
		n.weightGradient(n.dweight(p.Name), x, through, n.rows(p))
	}
	dy := n.takeMap(d.pixels(), b.Mid)
	n.inputGradient(p.Name, dy, through, nil, n.rows(p))
	n.give(through)
	n.finish(d, x, nil, nil)
	n.gateBackward(b, x, dy)
	n.give(x)
	n.normBackward(d.norm, d.act, d.raw, dy, dy)

	if b.Expands() {
		x = n.takeMap(e.pixels(), b.Mid)
		n.finish(e, x, nil, nil)
	} else {
		x = in
	}
	if n.learns {
		to, count := n.dweight(d.Name), depthwise.WeightParts(d.channelwise(), n.batch)
		parts := n.take(count * to.n)
		n.call(depthwise.WeightGradientShader(d.channelwise(), n.target), map[wgsl.Role]ref{wgsl.X: x, wgsl.DY: dy, wgsl.Y: parts})
		n.sumInto(to, parts, count)
		n.give(parts)
	}
	if b.Expands() {
		n.give(x)
	}
	dx := n.takeMap(d.side*d.side, b.Mid)
	refs := map[wgsl.Role]ref{wgsl.DY: dy, wgsl.W: n.weight(d.Name), wgsl.Y: dx}
	if !b.Expands() && around != nil {
		refs[wgsl.Residual] = *around
	}
	n.call(depthwise.InputGradientShader(d.channelwise(), !b.Expands() && around != nil, n.target), refs)
	n.give(dy)
	if b.Expands() {
		n.normBackward(e.norm, e.act, e.raw, dx, dx)
		if n.learns {
			n.weightGradient(n.dweight(e.Name), in, dx, n.rows(e))
		}
		before := n.takeMap(e.pixels(), b.In)
		n.inputGradient(e.Name, before, dx, around, n.rows(e))
		n.give(dx)
		dx = before
	}
	if around != nil {
		n.give(g)
	}
	return dx
}

// gateBackward turns dy, the gradient of the gated map, into that of the map x.
func (n *network) gateBackward(b block, x, dy ref) {
	reduce, expand := b.Name+".se.conv_reduce", b.Name+".se.conv_expand"
	wide, narrow := pointwise.Shape{Rows: n.batch, C: b.Squeezed, M: b.Mid}, pointwise.Shape{Rows: n.batch, C: b.Mid, M: b.Squeezed}
	slopes, hidden, mean := n.take(n.batch*b.Mid), n.take(n.batch*b.Squeezed), n.take(n.batch*b.Mid)
	n.call(squeeze.GateGradientShader(b.squeeze(), n.target), map[wgsl.Role]ref{wgsl.X: x, wgsl.DY: dy, wgsl.Gate: b.gate, wgsl.Y: slopes})
	n.inputGradient(expand, hidden, slopes, nil, wide)
	n.call(pointwise.SlopeShader(n.batch, b.Squeezed, activation.SiLU), map[wgsl.Role]ref{wgsl.X: b.z, wgsl.Y: hidden})
	n.inputGradient(reduce, mean, hidden, nil, narrow)
	if n.learns {
		n.weightGradient(n.dweight(expand), b.hidden, slopes, wide)
		n.weightGradient(n.dweight(reduce), b.mean, hidden, narrow)
		n.sumInto(n.dbias(expand), slopes, n.batch)
		n.sumInto(n.dbias(reduce), hidden, n.batch)
	}
	n.call(squeeze.InputGradientShader(b.squeeze(), n.target), map[wgsl.Role]ref{wgsl.X: mean, wgsl.Gate: b.gate, wgsl.Y: dy})
	n.give(slopes, hidden, mean)
}

// headBackward returns the gradient of the pooled features.
func (n *network) headBackward(dlogits ref) ref {
	h := &n.head
	if n.Head != net.Fastai {
		s := pointwise.Shape{Rows: n.batch, C: n.Last.Out, M: n.Classes}
		n.weightGradient(n.dweight("classifier"), h.pooled, dlogits, s)
		n.sumInto(n.dbias("classifier"), dlogits, n.batch)
		d := n.take(n.batch * n.Last.Out)
		n.inputGradient("classifier", d, dlogits, nil, s)
		return d
	}
	second := pointwise.Shape{Rows: n.batch, C: n.Hidden, M: n.Classes}
	y, d := n.take(n.batch*n.Hidden), n.take(n.batch*n.Hidden)
	n.call(norm.ApplyShader(h.norms[1].shape, activation.None, 1, true, false),
		map[wgsl.Role]ref{wgsl.X: h.hidden, wgsl.Stats: h.norms[1].stats, wgsl.Gate: n.masks2, wgsl.Y: y})
	n.weightGradient(n.dweight("head.8"), y, dlogits, second)
	n.give(y)
	n.inputGradient("head.8", d, dlogits, nil, second)
	n.call(pointwise.MultiplyShader(n.batch, n.Hidden), map[wgsl.Role]ref{wgsl.X: n.masks2, wgsl.Y: d})
	n.normBackward(h.norms[1], activation.None, h.hidden, d, d)
	// Behind a ReLU its output tells the slope as well as its input.
	n.call(pointwise.SlopeShader(n.batch, n.Hidden, activation.ReLU), map[wgsl.Role]ref{wgsl.X: h.hidden, wgsl.Y: d})
	wide := 2 * n.Last.Out
	s := pointwise.Shape{Rows: n.batch, C: wide, M: n.Hidden}
	n.weightGradient(n.dweight("head.4"), h.dropped, d, s)
	dx := n.take(n.batch * wide)
	n.inputGradient("head.4", dx, d, nil, s)
	n.give(d)
	n.call(pointwise.MultiplyShader(n.batch, wide), map[wgsl.Role]ref{wgsl.X: n.masks, wgsl.Y: dx})
	n.normBackward(h.norms[0], activation.None, h.pooled, dx, dx)
	return dx
}

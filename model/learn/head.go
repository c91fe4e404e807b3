package learn

import (
	"math/rand/v2"
	"slices"

	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
)

// head turns features [size, 2C] (maxima, then averages) into logits.
type head interface {
	// features is where the features of size pictures are to be put.
	features(size int) []float32
	forward(size int, training bool, chance *rand.Rand) []float32
	// backward adds the gradients of the head's parameters and returns that of the features.
	backward(dlogits []float32, size int) []float32
	norms() []*batchNorm
}

// linear is x·w + b on rows.
type linear struct {
	n       *Network
	in, out int
	w, b    *Parameter // b may be nil
	y, dx   []float32  // [batch, out], [batch, in]
}

func (n *Network) newLinear(name string, in, out int, bias bool) *linear {
	l := &linear{n: n, in: in, out: out, y: make([]float32, n.batch*out), dx: make([]float32, n.batch*in)}
	l.w = n.parameter(net.Tensor{Name: name + ".weight", Shape: []int{out, in}, Role: net.Weight, Head: true})
	if bias {
		l.b = n.parameter(net.Tensor{Name: name + ".bias", Shape: []int{out}, Role: net.Bias, Head: true})
	}
	return l
}

func (l *linear) forward(x []float32, size int) []float32 {
	bias := make([]float32, l.out)
	if l.b != nil {
		bias = l.b.Value
	}
	y := l.y[:size*l.out]
	pointwise.Pack(l.w.Value, bias, l.in, l.out).Run(y, x, nil, nil, size, activation.None, l.n.threads)
	return y
}

func (l *linear) backward(x, dy []float32, size int) []float32 {
	dx := l.dx[:size*l.in]
	pointwise.PackTransposed(l.w.Value, l.in, l.out).Run(dx, dy, nil, nil, size, activation.None, l.n.threads)
	pointwise.AddWeightGradient(l.w.parts[0], x, dy, pointwise.Shape{Rows: size, C: l.in, M: l.out})
	if l.b != nil {
		addColumns(l.b.parts[0], dy)
	}
	return dx
}

// dropout sets values to zero with probability p in training and scales the
// others; without chance it leaves all as they are.
type dropout struct {
	p    float64
	mask []float32
}

func (d *dropout) draw(values int, training bool, chance *rand.Rand) {
	d.mask = d.mask[:0]
	if !training || chance == nil {
		return
	}
	d.mask = slices.Grow(d.mask, values)[:values]
	Dropout(d.mask, d.p, chance)
}

// Dropout draws a mask: 0 with probability p, else what keeps the mean.
func Dropout(mask []float32, p float64, chance *rand.Rand) {
	keep, limit := float32(1/(1-p)), uint32(p*(1<<32))
	for i := range mask {
		mask[i] = keep
		if chance.Uint32() < limit {
			mask[i] = 0
		}
	}
}

// DropoutRates are those of net.Fastai, before its first and second linear layer.
var DropoutRates = [2]float64{.25, .5}

func (d *dropout) apply(x []float32) {
	for i, m := range d.mask {
		x[i] *= m
	}
}

// normRows is a batch-norm over rows [size, channels], on one thread.
type normRows struct {
	*batchNorm
	y []float32 // [batch, channels]
}

func (n *Network) newNormRows(name string, channels int) normRows {
	return normRows{n.newBatchNorm(name, channels, true), make([]float32, n.batch*channels)}
}

func (b normRows) forward(x []float32, size int) []float32 {
	b.begin()
	if b.n.training {
		b.moments[0].AddRows(x)
	}
	b.settle(size)
	y := b.y[:size*b.channels]
	norm.Run(y, x, b.scale, b.shift, norm.Shape{Rows: size, C: b.channels}, activation.None, nil)
	return y
}

// backward turns dy into the gradient of x, in place.
func (b normRows) backward(x, dy []float32) {
	for _, s := range b.slopes {
		s.Clear()
	}
	b.slopes[0].AddRows(dy, x, b.mean)
	b.settleBackward()
	b.input.Run(dy, x)
}

// fastai is fastai's default head: batch-norm, dropout 0.25, linear without
// bias, ReLU, batch-norm, dropout 0.5, linear without bias.
type fastai struct {
	n              *Network
	pooled, hidden []float32
	norm1, norm2   normRows
	drop1, drop2   dropout
	linear1        *linear
	linear2        *linear
}

func (n *Network) newFastai() *fastai {
	width := 2 * n.Last.Out
	return &fastai{
		n: n, pooled: make([]float32, n.batch*width), hidden: make([]float32, n.batch*n.Hidden),
		norm1: n.newNormRows("head.2", width), linear1: n.newLinear("head.4", width, n.Hidden, false), drop1: dropout{p: DropoutRates[0]},
		norm2: n.newNormRows("head.6", n.Hidden), linear2: n.newLinear("head.8", n.Hidden, n.Classes, false), drop2: dropout{p: DropoutRates[1]},
	}
}

func (h *fastai) features(size int) []float32 { return h.pooled[:size*2*h.n.Last.Out] }

func (h *fastai) norms() []*batchNorm { return []*batchNorm{h.norm1.batchNorm, h.norm2.batchNorm} }

func (h *fastai) forward(size int, training bool, chance *rand.Rand) []float32 {
	x := h.norm1.forward(h.features(size), size)
	h.drop1.draw(len(x), training, chance)
	h.drop1.apply(x)
	y := h.linear1.forward(x, size)
	copy(h.hidden, y)
	activation.ReLU.Map(y)
	x = h.norm2.forward(y, size)
	h.drop2.draw(len(x), training, chance)
	h.drop2.apply(x)
	return h.linear2.forward(x, size)
}

func (h *fastai) backward(dlogits []float32, size int) []float32 {
	d := h.linear2.backward(h.norm2.y[:size*h.n.Hidden], dlogits, size)
	h.drop2.apply(d)
	h.norm2.backward(h.linear1.y[:size*h.n.Hidden], d)
	activation.ReLU.Gradient(d, h.hidden)
	d = h.linear1.backward(h.norm1.y[:size*2*h.n.Last.Out], d, size)
	h.drop1.apply(d)
	h.norm1.backward(h.features(size), d)
	return d
}

// plain is timm's classifier: one linear layer on the averages.
type plain struct {
	n        *Network
	pooled   []float32
	averages []float32
	linear   *linear
	d        []float32
}

func (n *Network) newPlain() *plain {
	c := n.Last.Out
	return &plain{
		n: n, pooled: make([]float32, n.batch*2*c), averages: make([]float32, n.batch*c), d: make([]float32, n.batch*2*c),
		linear: n.newLinear("classifier", c, n.Classes, true),
	}
}

func (h *plain) features(size int) []float32 { return h.pooled[:size*2*h.n.Last.Out] }

func (h *plain) norms() []*batchNorm { return nil }

func (h *plain) forward(size int, _ bool, _ *rand.Rand) []float32 {
	c := h.n.Last.Out
	for i := range size {
		copy(h.averages[i*c:(i+1)*c], h.pooled[(2*i+1)*c:])
	}
	return h.linear.forward(h.averages[:size*c], size)
}

func (h *plain) backward(dlogits []float32, size int) []float32 {
	c := h.n.Last.Out
	d := h.linear.backward(h.averages[:size*c], dlogits, size)
	for i := range size {
		clear(h.d[2*i*c : (2*i+1)*c])
		copy(h.d[(2*i+1)*c:(2*i+2)*c], d[i*c:])
	}
	return h.d[:size*2*c]
}

// Package learn trains the whole network: forward and backward pass by
// operation on a batch, on all cores. Everything that learns is a Parameter; the
// kernels are those that the tab runs, with their gradients.
//
// A batch is cut into parts, one a core, each a run of whole pictures. A part
// sums gradients and batch-norm statistics by itself and the parts are added up
// in order, so that a step's result depends on nothing but its inputs and the
// number of parts.
package learn

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"

	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pool"
)

// Architecture is what a network is built from: a table like EfficientNet's.
type Architecture struct {
	Stem, Last net.Conv // before and after the blocks
	Blocks     []net.Block
	Head       net.Head // net.Fastai or net.Plain
	Hidden     int      // width between the two linear layers of net.Fastai
	Classes    int
	Size       int // pixels a side of the input
}

// B3 is timm's efficientnet_b3 with a head.
func B3(head net.Head, classes, size int) Architecture {
	return Architecture{Stem: net.Stem, Last: net.HeadConv, Blocks: net.Blocks(), Head: head, Hidden: net.Hidden, Classes: classes, Size: size}
}

// Network is a network in training, for batches of up to a fixed number of
// pictures. It serves one goroutine.
type Network struct {
	Architecture
	Parameters []*Parameter
	// Frozen leaves the body's convolutions and gates as they are; its
	// batch-norms learn on, as in fastai.
	Frozen bool

	batch, parts int
	threads      *parallel.Pool
	stem, last   *convolution
	blocks       []*block
	head         head
	gradients    gradients
	training     bool
}

// gradients are the buffers of the backward pass, each as large as the largest
// map that passes through it.
type gradients struct {
	stream, next []float32 // of the maps between blocks
	wide, narrow []float32 // inside a block, before and after the depthwise convolution
}

// New builds a network for batches of up to batch pictures, with weights zero;
// see Load.
func New(a Architecture, batch int) (*Network, error) {
	return newNetwork(a, batch, runtime.GOMAXPROCS(0))
}

func newNetwork(a Architecture, batch, parts int) (*Network, error) {
	if a.Size < 32 || batch < 2 || a.Classes < 2 {
		return nil, fmt.Errorf("learn: size %d, batch %d and %d classes, want at least 32, 2 and 2", a.Size, batch, a.Classes)
	}
	n := &Network{Architecture: a, batch: batch, parts: min(parts, batch), threads: parallel.New(0)}
	side := a.Size
	n.stem = n.convolution(a.Stem, &side)
	before := n.stem.output
	for _, t := range a.Blocks {
		b := &block{Block: t, n: n, input: before}
		if t.Expands() {
			b.expand = n.convolution(t.Expansion(), &side)
		}
		b.depthwise = n.convolution(t.Depthwise(), &side)
		b.depthwise.before = b.expand
		b.gate = n.newGate(t, b.depthwise.pixels())
		b.project = n.convolution(t.Projection(), &side)
		n.blocks = append(n.blocks, b)
		before = b.output
	}
	n.last = n.convolution(a.Last, &side)
	switch a.Head {
	case net.Fastai:
		n.head = n.newFastai()
	case net.Plain:
		n.head = n.newPlain()
	default:
		return nil, fmt.Errorf("learn: no head %q to train, want %s or %s", a.Head, net.Fastai, net.Plain)
	}
	return n, nil
}

// allocate makes room for a batch when the first one comes: a network whose
// steps a GPU computes needs none.
func (n *Network) allocate() {
	if n.gradients.stream != nil {
		return
	}
	for _, p := range n.Parameters {
		for range n.parts - 1 {
			p.parts = append(p.parts, make([]float32, len(p.Value)))
		}
	}
	for _, c := range n.convolutions() {
		c.raw = make([]float32, n.batch*c.values())
	}
	n.stem.keep()
	n.last.keep()
	for _, b := range n.blocks {
		b.depthwise.keep()
		b.project.keep()
	}
	var stream, wide, narrow int
	stream = max(n.stem.values(), n.last.pixels()*n.last.In)
	for _, b := range n.blocks {
		stream = max(stream, b.project.values())
		narrow = max(narrow, b.depthwise.values())
		if b.expand != nil {
			wide = max(wide, b.expand.values())
		}
	}
	wide = max(wide, n.last.values(), stream)
	g := &n.gradients
	g.stream, g.next = make([]float32, n.batch*stream), make([]float32, n.batch*stream)
	g.wide, g.narrow = make([]float32, n.batch*wide), make([]float32, n.batch*narrow)
}

// Close ends the threads.
func (n *Network) Close() { n.threads.Close() }

// each runs f for each part of a batch of size pictures: [lo,hi).
func (n *Network) each(size int, f func(part, lo, hi int)) {
	n.threads.Split(n.parts, func(from, to int) {
		for p := from; p < to; p++ {
			if lo, hi := size*p/n.parts, size*(p+1)/n.parts; lo < hi {
				f(p, lo, hi)
			}
		}
	})
}

// Forward computes logits [size, Classes] of x, size pictures [Size,Size,3] as
// package tensor makes them. In training, batch-norms use the batch's statistics
// and move their running ones, and chance draws the dropout (none if nil); else
// the running ones are used and chance is not. The logits are valid until the next call.
func (n *Network) Forward(x []float32, size int, training bool, chance *rand.Rand) []float32 {
	n.training = training
	n.allocate()
	n.pack()
	picture := n.Size * n.Size * 3
	n.stem.forward(size, func(_, i int) []float32 { return x[i*picture : (i+1)*picture] }, nil)
	input := func(_, i int) []float32 { return n.stem.finish(i, nil) }
	for _, b := range n.blocks {
		b.forward(size, input)
		input = b.finish
	}
	n.last.forward(size, input, nil)

	c := n.last.Out
	features := n.head.features(size)
	n.each(size, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			pool.Run(features[i*2*c:(i+1)*2*c], n.last.finish(i, nil), n.last.pooled(), nil)
		}
	})
	return n.head.forward(size, training, chance)
}

// Backward adds up the gradients of all parameters for the last Forward in
// training, from the gradient of its logits [size, Classes]. x is its input.
func (n *Network) Backward(x, dlogits []float32, size int) {
	for _, p := range n.Parameters {
		p.clear()
	}
	dfeatures := n.head.backward(dlogits, size)
	c, values := n.last.Out, n.last.values()
	n.last.slopesOf(size, n.gradients.wide, func(_, i int) {
		pool.Backward(n.gradients.wide[i*values:(i+1)*values], n.last.output(i), dfeatures[i*2*c:(i+1)*2*c], n.last.pooled())
	})
	g := &n.gradients
	before := n.blocks[len(n.blocks)-1].output
	n.last.pointwiseBackward(size, g.wide, g.stream, nil, before)
	for _, b := range slices.Backward(n.blocks) {
		b.backward(size)
		g.stream, g.next = g.next, g.stream
	}
	n.stem.slopesOf(size, g.stream, nil)
	picture := n.Size * n.Size * 3
	n.stem.stemBackward(size, g.stream, func(i int) []float32 { return x[i*picture : (i+1)*picture] })
	for _, p := range n.Parameters {
		p.reduce()
	}
}

// pack lays out all pointwise weights for this step.
func (n *Network) pack() {
	var all []*convolution
	add := func(c *convolution) {
		if c != nil && c.kind == pointwiseKind {
			all = append(all, c)
		}
	}
	for _, b := range n.blocks {
		add(b.expand)
		add(b.project)
	}
	add(n.last)
	n.threads.Split(len(all), func(lo, hi int) {
		for _, c := range all[lo:hi] {
			c.pack(n.training)
		}
	})
}

func act(silu bool) activation.Kind {
	if silu {
		return activation.SiLU
	}
	return activation.None
}

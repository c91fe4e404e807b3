// Package plan is a network made ready to run: a list of fused steps over
// values in NHWC, batch one, with each value placed in a reusable buffer. It
// is pure data; package device runs it, package bundle stores it.
package plan

import (
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/tensor"
)

// Op is the kernel that a step runs; each is one folder below wasm/kernel.
type Op string

const (
	// Stem: 3x3 convolution, stride 2, padding 1, of a picture.
	// x [H,W,3], w [3,3,3,M] (ky,kx,in,out), b [M] -> act(conv(x,w)+b) [ceil(H/2),ceil(W/2),M]
	Stem Op = "stem"
	// Pointwise: 1x1 convolution with an optional gate on its input and an optional residual.
	// x [H,W,C], w [C,M], b [M], gate [C], residual [H,W,M] -> act((x*gate)·w+b)+residual [H,W,M]
	Pointwise Op = "pointwise"
	// Depthwise: KxK convolution of each channel, K 3 or 5, stride 1 or 2, padding K/2.
	// x [H,W,C], w [K,K,C], b [C] -> act(conv(x,w)+b) [ceil(H/S),ceil(W/S),C]
	Depthwise Op = "depthwise"
	// Squeeze: squeeze-and-excitation gate.
	// x [H,W,C], w [C,S], b [S], w2 [S,C], b2 [C] -> sigmoid(silu(mean(x)·w+b)·w2+b2) [1,1,C]
	Squeeze Op = "squeeze"
	// Pool: over all pixels; average [1,1,C], or max then average [1,1,2C].
	Pool Op = "pool"
	// Dense: x [1,1,C], w [C,M], b [M] -> act(x·w+b) [1,1,M]
	Dense Op = "dense"
	// Norm: batch-norm at inference as scale and shift a channel, where it could not be folded.
	// x [H,W,C], w [C] (scale), b [C] (shift) -> act(x*w+b) [H,W,C]
	Norm Op = "norm"
)

// None marks an absent value or weight in a Step.
const None = -1

// Value is an activation [H,W,C] and the buffer that holds it.
type Value struct {
	Name    string
	H, W, C int
	Buffer  int
}

// Len is the number of float32 of the value.
func (v Value) Len() int { return v.H * v.W * v.C }

// Step runs one kernel. In, Gate, Residual and Out index Plan.Values; W, B, W2
// and B2 index Plan.Weights; None where absent.
type Step struct {
	Op       Op
	Name     string // the layer's timm name, e.g. blocks.1.0.conv_dw
	Act      activation.Kind
	Pool     pool.Kind
	Kernel   int
	Stride   int
	In       int
	Gate     int
	Residual int
	Out      int
	W        int
	B        int
	W2       int
	B2       int
}

// Output is a value that a run returns, e.g. the logits of one head.
type Output struct {
	Name  string
	Value int
}

// Plan is the whole network for one input size.
type Plan struct {
	Input   int // index of the picture's value [H,W,3]
	Values  []Value
	Buffers []int // float32 a buffer
	Steps   []Step
	Outputs []Output
	Weights []tensor.Float32 // Data is nil where Source has the values
	// Source has the weights where they are still to be decoded, or have not even
	// arrived.
	Source Source
}

// Source brings weights when they are asked for. It may wait for them, and
// answers one call at a time.
type Source interface {
	// Values fills to with the values of weight i.
	Values(to []float32, i int) error
	// Quantised says whether weight i is kept as 8-bit integers, without waiting.
	Quantised(i int) bool
	// Int8 is a weight that is. It is overwritten by the next call.
	Int8(i int) (Int8, error)
}

// Int8 is a matrix [r,c] of 8-bit integers: its values are Q[r,c] * Columns[c] *
// Rows[r], multiplied in this order.
type Int8 struct {
	Q       []byte // two's complement
	Columns []float32
	Rows    []float32 // nil: all 1
}

// Quantised says whether Int8 has weight i.
func (p *Plan) Quantised(i int) bool {
	return p.Weights[i].Data == nil && p.Source != nil && p.Source.Quantised(i)
}

// Int8 is weight i as 8-bit integers, until another weight is asked for.
func (p *Plan) Int8(i int) (Int8, error) {
	w, err := p.Source.Int8(i)
	if err != nil {
		return Int8{}, fmt.Errorf("weight %s: %w", p.Weights[i].Name, err)
	}
	return w, nil
}

// Decode brings all weights into Weights, for who wants to look at them.
func (p *Plan) Decode() error {
	for i := range p.Weights {
		w, err := p.Weight(i, nil)
		if err != nil {
			return err
		}
		p.Weights[i].Data = w
	}
	p.Source = nil
	return nil
}

// Weight is the values of weight i. Where they have to be decoded, room is used
// if it is large enough; with nil they are the caller's to keep.
func (p *Plan) Weight(i int, room []float32) ([]float32, error) {
	w := p.Weights[i]
	if w.Data != nil || p.Source == nil {
		return w.Data, nil
	}
	n := tensor.Len(w.Shape)
	if cap(room) < n {
		room = make([]float32, n)
	}
	if err := p.Source.Values(room[:n], i); err != nil {
		return nil, fmt.Errorf("weight %s: %w", w.Name, err)
	}
	return room[:n], nil
}

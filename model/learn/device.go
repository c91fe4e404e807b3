package learn

import (
	"math"
	"math/rand/v2"
	"time"
)

// Device computes the steps of a training: the processor, by the network itself,
// or a GPU (package ongpu).
type Device interface {
	// Describe is "cpu", or the adapter's name.
	Describe() string
	// Send makes the device's weights, moments and average those of s, and Fetch
	// the other way round. Between them the device has the newer ones.
	Send(s State) error
	Fetch(s State) error
	// Step learns from a batch: both passes, the clipping, the update and the
	// average. Where loss or norm is not finite nothing is updated.
	Step(b Batch, target []float32, h Hyper) (Outcome, error)
	// Logits are those of a batch, [pictures, Classes], with running statistics.
	Logits(b Batch) ([]float32, error)
	// Broken names the first parameter whose gradient or value is not finite,
	// after a Step; "" if all are well.
	Broken() string
}

// State is what learns, in the processor's memory.
type State struct {
	Network   *Network
	Optimiser *AdamW
	Average   []float32 // of the weights, nil where there is none; see Network.Arrays
}

// Hyper is a step's settings.
type Hyper struct {
	Rates
	Frozen bool       // the body's convolutions and gates stay as they are
	Clip   float64    // highest norm of the gradient, 0 for any
	Keep   float64    // what the weights' average keeps
	Chance *rand.Rand // draws the dropout
}

// Outcome is what a step showed. The loss is the one before the update.
type Outcome struct {
	Loss, Norm float64
	Skipped    bool          // nothing was learned: half precision overflowed, and the next step scales less
	Passes     time.Duration // both passes; on a GPU the whole step, which is one there
}

// finite reports whether the step can be learned from.
func (o Outcome) finite() bool {
	v := o.Loss + o.Norm
	return !math.IsNaN(v) && !math.IsInf(v, 0)
}

// processor is the network's own computing, on the state that it was sent.
type processor struct{ State }

func (p *processor) Describe() string    { return "cpu" }
func (p *processor) Send(s State) error  { p.State = s; return nil }
func (p *processor) Fetch(s State) error { return nil }
func (p *processor) Broken() string      { return p.Network.Broken() }

func (p *processor) Logits(b Batch) ([]float32, error) {
	return p.Network.Forward(b.X, len(b.Pictures), false, nil), nil
}

func (p *processor) Step(b Batch, target []float32, h Hyper) (o Outcome, err error) {
	n, size := p.Network, len(b.Pictures)
	n.Frozen = h.Frozen
	start := time.Now()
	dlogits := make([]float32, len(target))
	o.Loss = CrossEntropy(dlogits, n.Forward(b.X, size, true, h.Chance), target, size)
	n.Backward(b.X, dlogits, size)
	o.Passes = time.Since(start)
	if o.Norm = n.Clip(h.Clip); !o.finite() {
		return o, nil
	}
	p.Optimiser.Update(h.Rates)
	p.average(h.Keep)
	return o, nil
}

// average moves the weights' exponential average towards the weights.
func (p *processor) average(share float64) {
	if p.Average == nil {
		return
	}
	keep := float32(share)
	at := 0
	for _, v := range p.Network.Arrays() {
		to := p.Average[at : at+len(v)]
		for i, x := range v {
			to[i] = keep*to[i] + (1-keep)*x
		}
		at += len(v)
	}
}

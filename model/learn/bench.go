package learn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Speed is how fast a training goes, in pictures a second.
type Speed struct {
	// Passes counts the forward and backward pass alone; on a GPU whole steps, but
	// not what they wait for.
	Passes float64
	// Steps counts all of a step: pictures awaited, both passes, clipping, the
	// optimiser, the average of the weights.
	Steps float64
	// Waiting is the share of the steps' time spent waiting for pictures.
	Waiting float64
}

// Bench times steps of the recipe with the whole network learning, after one
// that is not timed: it meets its memory for the first time. The weights are
// changed.
func (t *Training) Bench(ctx context.Context, steps int) (Speed, error) {
	if err := t.prepare(); err != nil {
		return Speed{}, err
	}
	n, r := t.Network, t.Recipe
	if err := t.Device.Send(t.held(t.state.Average)); err != nil {
		return Speed{}, fmt.Errorf("learn: %w", err)
	}
	quit := make(chan struct{})
	defer close(quit)
	var order []int // of as many epochs as the steps need
	for epoch := 0; len(order) < (steps+1)*r.Batch; epoch++ {
		order = append(order, Order(t.Train, r.Seed, epoch)...)
	}
	batches := t.Loader.Batches(order[:(steps+1)*r.Batch], 0, true, quit)
	target := make([]float32, r.Batch*n.Classes)
	var waited, passes time.Duration
	var begun time.Time
	for step := 0; step <= steps; step++ {
		if step == 1 {
			waited, passes, begun = 0, 0, time.Now()
		}
		b, ok := receive(batches, &waited)
		if !ok {
			return Speed{}, errors.New("learn: BUG: the loader ended early")
		}
		if err := errors.Join(b.Err, ctx.Err()); err != nil {
			return Speed{}, fmt.Errorf("learn: %w", err)
		}
		Targets(target, pick(t.Labels, b.Pictures), n.Classes, r.Smoothing, nil)
		o, err := t.Device.Step(b, target, Hyper{Rates: Rates{slowest, slowest, slowest}, Clip: r.Clip, Keep: t.keep(), Chance: rand.New(rand.NewPCG(r.Seed, uint64(step)))})
		if err != nil {
			return Speed{}, fmt.Errorf("learn: step %d, on %s: %w", step+1, t.Device.Describe(), err)
		}
		passes += o.Passes
		if t.Told != nil {
			t.Told(Progress{Epoch: 1, Epochs: 1, Step: step + 1, Steps: steps + 1})
		}
	}
	all := time.Since(begun)
	pictures := float64(steps * r.Batch)
	return Speed{pictures / passes.Seconds(), pictures / all.Seconds(), waited.Seconds() / all.Seconds()}, nil
}

package main

import (
	"fmt"
	"slices"

	"blastlens/wasm/plan"
)

// smallestSide is the least pixels a side that the network's five strides leave
// something of.
const smallestSide = 32

// resized is a plan for pictures of another side, on the same weights: to time
// it, since a self-test is of one side.
func resized(p *plan.Plan, side int) (*plan.Plan, error) {
	r := *p
	r.Values, r.Buffers = slices.Clone(p.Values), make([]int, len(p.Buffers))
	r.Values[p.Input].H, r.Values[p.Input].W = side, side
	for _, s := range p.Steps {
		in, out := r.Values[s.In], &r.Values[s.Out]
		stride := 1
		switch s.Op {
		case plan.Stem:
			stride = 2
		case plan.Depthwise:
			stride = s.Stride
		case plan.Squeeze, plan.Pool:
			continue // 1x1 from whatever it is
		}
		out.H, out.W = (in.H-1)/stride+1, (in.W-1)/stride+1
	}
	for _, v := range r.Values {
		r.Buffers[v.Buffer] = max(r.Buffers[v.Buffer], v.Len())
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("%d pixels: %w", side, err)
	}
	return &r, nil
}

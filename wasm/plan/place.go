package plan

import (
	"cmp"
	"slices"
)

// span is the first and the last step during which a value must keep its
// buffer, both included. The picture is there before step 0; an output stays
// after the last step.
type span struct{ from, to int }

// overlaps counts a value read by a step and one written by it as overlapping:
// WebGPU cannot bind one buffer for reading and writing.
func (a span) overlaps(b span) bool { return a.from <= b.to && b.from <= a.to }

// Place puts each value of p into a buffer so that no two values that live at
// the same time share one, and sets Value.Buffer and Plan.Buffers. It goes from
// the largest value to the smallest and takes the smallest buffer that is free
// during the value's life, which keeps small gates out of large buffers.
// Indices in p must be valid.
func Place(p *Plan) {
	spans := lifetimes(p)
	order := make([]int, len(p.Values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Values[b].Len(), p.Values[a].Len()) })

	p.Buffers = nil
	var held [][]span // by buffer
	for _, v := range order {
		// Buffers were opened by falling size, so the last free one fits best.
		best := len(held)
		for b := len(held) - 1; b >= 0; b-- {
			if !slices.ContainsFunc(held[b], spans[v].overlaps) {
				best = b
				break
			}
		}
		if best == len(held) {
			held = append(held, nil)
			p.Buffers = append(p.Buffers, p.Values[v].Len())
		}
		held[best] = append(held[best], spans[v])
		p.Values[v].Buffer = best
	}
}

func lifetimes(p *Plan) []span {
	spans := make([]span, len(p.Values))
	spans[p.Input] = span{-1, -1}
	for i, s := range p.Steps {
		for _, v := range []int{s.In, s.Gate, s.Residual} {
			if v != None {
				spans[v].to = max(spans[v].to, i)
			}
		}
		spans[s.Out] = span{i, i}
	}
	for _, o := range p.Outputs {
		spans[o.Value].to = len(p.Steps)
	}
	return spans
}

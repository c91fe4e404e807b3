package plan

import "fmt"

// MACs counts the multiply-adds of a convolution or dense layer; it is 0 for
// every other step.
func (p *Plan) MACs(s Step) int {
	in, out := p.Values[s.In], p.Values[s.Out]
	switch s.Op {
	case Stem:
		return out.Len() * 27
	case Depthwise:
		return out.Len() * s.Kernel * s.Kernel
	case Pointwise, Dense:
		return out.Len() * in.C
	case Squeeze:
		return 2 * in.C * p.Weights[s.W].Shape[1]
	}
	return 0
}

// Shape is a step's input and the channels that come of it, for tables.
func (p *Plan) Shape(s Step) string {
	in := p.Values[s.In]
	return fmt.Sprintf("%dx%dx%d-%d", in.H, in.W, in.C, p.Values[s.Out].C)
}

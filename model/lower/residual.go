package lower

import "slices"

// fuseResidual lets the 1x1 convolution that makes one operand of a sum, and
// nothing else, add the other operand, if that is made before.
func fuseResidual(p *program) {
	for _, a := range slices.Clone(p.ops) {
		if a.kind != add {
			continue
		}
		for i, value := range a.in {
			c, other := p.producer(value), a.in[1-i]
			if c == nil || !c.pointwise() || c.residual != "" || p.soleUser(value) != a || !p.madeBefore(other, c) {
				continue
			}
			c.residual, c.out = other, a.out
			p.remove(a)
			break
		}
	}
}

func (p *program) madeBefore(value string, o *op) bool {
	if value == p.input {
		return true
	}
	made := slices.Index(p.ops, p.producer(value))
	return made >= 0 && made < slices.Index(p.ops, o)
}

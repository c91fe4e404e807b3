package lower

import "slices"

// dropIdentity removes a 1x1 convolution whose weights and bias are all zero
// and which adds a residual: its output is the residual. A block that was left
// out of a network, yet keeps its place in the table, ends in one.
func dropIdentity(p *program) {
	zero := func(w []float32) bool {
		return !slices.ContainsFunc(w, func(v float32) bool { return v != 0 })
	}
	for _, c := range slices.Clone(p.ops) {
		if !c.pointwise() || c.residual == "" || c.act != "" || !zero(c.w) || !zero(c.b) {
			continue
		}
		for _, user := range p.users(c.out) {
			user.replace(c.out, c.residual)
		}
		for i, o := range p.outputs {
			if o.value == c.out {
				p.outputs[i].value = c.residual
			}
		}
		p.remove(c)
	}
}

// dropUnread removes what no output needs.
func dropUnread(p *program) {
	for _, o := range slices.Backward(slices.Clone(p.ops)) {
		if !p.returned(o.out) && len(p.users(o.out)) == 0 {
			p.remove(o)
		}
	}
}

func (o *op) replace(value, by string) {
	for i := range o.in {
		if o.in[i] == value {
			o.in[i] = by
		}
	}
	if o.gate == value {
		o.gate = by
	}
	if o.residual == value {
		o.residual = by
	}
}

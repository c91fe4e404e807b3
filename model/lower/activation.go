package lower

import (
	"slices"

	"blastlens/wasm/kernel/activation"
)

// fuseActivation turns x*sigmoid(x) into SiLU, then lets the operation that
// makes an activation's only input apply it.
func fuseActivation(p *program) {
	for _, m := range slices.Clone(p.ops) {
		if m.kind != mul {
			continue
		}
		for i, value := range m.in {
			s := p.producer(value)
			if s != nil && s.kind == act && s.act == activation.Sigmoid && s.in[0] == m.in[1-i] && p.soleUser(value) == m {
				m.kind, m.act, m.in = act, activation.SiLU, s.in
				p.remove(s)
				break
			}
		}
	}
	for _, a := range slices.Clone(p.ops) {
		if a.kind != act {
			continue
		}
		before := p.producer(a.in[0])
		if before == nil || before.act != activation.None || p.soleUser(before.out) != a {
			continue
		}
		if before.kind == conv || before.kind == dense || before.kind == norm {
			before.act, before.out = a.act, a.out
			p.remove(a)
		}
	}
}

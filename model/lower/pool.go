package lower

import (
	"slices"

	"blastlens/wasm/kernel/pool"
)

// fusePool joins maximum and average of one map, in that order, into one op.
func fusePool(p *program) {
	for _, c := range slices.Clone(p.ops) {
		if c.kind != concat {
			continue
		}
		top, mean := p.producer(c.in[0]), p.producer(c.in[1])
		if top == nil || top.kind != maxPool || mean == nil || mean.kind != avgPool || top.in[0] != mean.in[0] {
			continue
		}
		c.kind, c.pool, c.in = avgPool, pool.MaxAvg, []string{top.in[0]}
	}
}

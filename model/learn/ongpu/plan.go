package ongpu

import (
	"fmt"
	"slices"

	"blastlens/model/learn"
	"blastlens/wasm/kernel/wgsl"
)

// plan is all that a training on a GPU needs, without one: the buffers, and the
// kernels of each program on them.
type plan struct {
	learn.Architecture
	batch  int
	half   bool // maps are stored in half precision
	target wgsl.Target

	buffers []buffer
	free    []int // of the temporary buffers

	learned, statistics      arena
	parameters               map[string]int // by name, of the arena
	weights, grads           ref
	first, second, averaged  ref
	running, averagedRunning ref
	groups, settings         ref
	x, labels, masks, masks2 ref
	total, logits            ref
	zeros                    ref

	programs map[string][]call
	into     *[]call // the program that is being made
}

// Names of programs.
const (
	frozen = "training with a frozen body"
	free   = "training"
	judge  = "judging"
)

type buffer struct {
	label string
	n     int // float32
	temp  bool
}

// ref is n float32 of a buffer, from an aligned one on; half where they are as
// many pairs of half-precision numbers.
type ref struct {
	buffer, from, n int
	half            bool
}

func (r ref) part(from, n int) ref { return ref{buffer: r.buffer, from: r.from + from, n: n} }

type call struct {
	kernel wgsl.Kernel
	refs   []ref
}

// newPlan lays out the training of a network in batches of a size. What it takes
// does not depend on whether the adapter is software.
func newPlan(n *learn.Network, batch int, half, software bool) (*plan, error) {
	p := &plan{
		Architecture: n.Architecture, batch: batch, half: half, target: wgsl.Target{Pictures: batch, Software: software},
		parameters: map[string]int{}, programs: map[string][]call{},
	}
	values, statistics := n.Arrays()[:len(n.Parameters)], n.Arrays()[len(n.Parameters):]
	p.learned, p.statistics = newArena(values), newArena(pairs(statistics))
	for i, t := range n.Parameters {
		p.parameters[t.Name] = i
	}
	p.weights, p.grads, p.averaged = p.keep("weights", p.learned.total), p.keep("gradients", p.learned.total), p.keep("average", p.learned.total)
	p.first, p.second = p.keep("first moments", p.learned.total), p.keep("second moments", p.learned.total)
	p.running, p.averagedRunning = p.keep("running statistics", p.statistics.total), p.keep("their average", p.statistics.total)
	p.groups, p.settings = p.keep("groups", p.learned.total/aligned), p.keep("settings", 4*settingsRows)
	p.x, p.labels = p.keep("pictures", batch*n.Size*n.Size*3), p.keep("targets", batch*n.Classes)
	p.total, p.logits = p.keep("norm", 4), p.keep("logits", batch*n.Classes)
	widest := max(n.Last.Out, n.Hidden, n.Stem.Out)
	for _, b := range n.Blocks {
		widest = max(widest, b.Mid, b.Out)
	}
	p.zeros = p.keep("zeros", widest)
	net := p.network()
	for _, name := range []string{frozen, free, judge} {
		var calls []call
		p.into = &calls
		net.program(name)
		p.programs[name] = calls
		for i, b := range p.buffers {
			if b.temp && !slices.Contains(p.free, i) {
				return nil, fmt.Errorf("ongpu: BUG: %s is not given back by %s", b.label, name)
			}
		}
	}
	return p, nil
}

// pairs joins the running mean and variance of each batch-norm, as their kernel
// has them.
func pairs(statistics [][]float32) (all [][]float32) {
	for i := 0; i < len(statistics); i += 2 {
		all = append(all, slices.Concat(statistics[i], statistics[i+1]))
	}
	return all
}

// keep is a buffer of its own.
func (p *plan) keep(label string, n int) ref {
	p.buffers = append(p.buffers, buffer{label: label, n: n})
	return ref{buffer: len(p.buffers) - 1, n: n}
}

// take is a temporary buffer until give: the smallest free one that is large
// enough, or else the largest, made larger.
func (p *plan) take(n int) ref {
	best := -1
	for k, i := range p.free {
		if best < 0 {
			best = k
			continue
		}
		size, so := p.buffers[i].n, p.buffers[p.free[best]].n
		if so < n && size > so || size >= n && size < so {
			best = k
		}
	}
	if best < 0 {
		r := p.keep(fmt.Sprintf("temporary %d", len(p.buffers)), n)
		p.buffers[r.buffer].temp = true
		return r
	}
	i := p.free[best]
	p.free = slices.Delete(p.free, best, best+1)
	p.buffers[i].n = max(p.buffers[i].n, n)
	return ref{buffer: i, n: n}
}

func (p *plan) give(all ...ref) {
	for _, r := range all {
		p.free = append(p.free, r.buffer)
	}
}

// call appends a kernel with what its bindings are.
func (p *plan) call(k wgsl.Kernel, refs map[wgsl.Role]ref) {
	c := call{kernel: k}
	var halves []wgsl.Role
	for _, role := range k.Bindings {
		c.refs = append(c.refs, refs[role])
		if refs[role].half {
			halves = append(halves, role)
		}
	}
	if len(halves) > 0 {
		c.kernel = k.InHalf(halves...)
	}
	*p.into = append(*p.into, c)
}

// check reports the first kernel or buffer that cannot be, where a binding has at
// most most bytes.
func (p *plan) check(most int64) error {
	for _, calls := range p.programs {
		for _, c := range calls {
			if err := c.kernel.Check(); err != nil {
				return fmt.Errorf("ongpu: %w", err)
			}
		}
	}
	for _, b := range p.buffers {
		if b.bytes() > most {
			return fmt.Errorf("ongpu: %s would have %d bytes, the adapter allows %d", b.label, b.bytes(), most)
		}
	}
	return nil
}

func (b buffer) bytes() int64 { return int64(wgsl.Fours(b.n)) * 16 }

// bytes is what all buffers take together.
func (p *plan) bytes() (sum int64) {
	for _, b := range p.buffers {
		sum += b.bytes()
	}
	return sum
}

// Bytes is what training the network in batches of a size takes on a GPU, by a
// plan alone, with maps in half precision or not.
func Bytes(n *learn.Network, batch int, half bool) (int64, error) {
	p, err := newPlan(n, batch, half, false)
	if err != nil {
		return 0, err
	}
	return p.bytes(), nil
}

// largest is the largest batch below batch whose plan takes at most limit bytes,
// 0 if there is none; a binding has at most most.
func largest(n *learn.Network, batch int, half bool, limit, most int64) int {
	low, high := 0, batch // low fits, high does not
	for high-low > 1 {
		middle := (low + high) / 2
		p, err := newPlan(n, middle, half, false)
		if middle >= 2 && (err != nil || p.bytes() > limit || p.check(most) != nil) {
			high = middle
		} else {
			low = middle
		}
	}
	if low < 2 {
		return 0
	}
	return low
}

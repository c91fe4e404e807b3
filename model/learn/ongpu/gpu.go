//go:build (linux || darwin || windows) && (amd64 || arm64)

package ongpu

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"blastlens/model/learn"
	"blastlens/model/net"
	"blastlens/wasm/kernel/gpu"
)

// most is how many kernels a submission has: few enough for the patience of the
// driver, which takes a GPU for hung that computes for long.
const most = 128

// GPU is a learn.Device. It serves one goroutine.
type GPU struct {
	*plan
	device    *gpu.Device
	root      *gpu.Program // owns buffers and pipelines
	buffers   []gpu.Buffer
	programs  map[string]*gpu.Program
	network   *learn.Network // what was sent last
	optimiser *learn.AdamW
	hyper     []float32 // the settings, before they are written
	scale     scale
}

// ErrLost is wrapped where the device was lost in the middle of a training.
var ErrLost = gpu.ErrLost

var _ learn.Device = (*GPU)(nil)

// Open takes an adapter as gpu.Open does and makes room on it for the training
// of n in batches of a size. Where there is none, the error says what a batch
// takes and which would fit.
func Open(n *learn.Network, o Options) (*GPU, error) {
	d, err := gpu.Open(o.Adapter)
	if err != nil {
		return nil, err
	}
	g, err := open(d, n, o)
	if err != nil {
		d.Close()
		return nil, err
	}
	return g, nil
}

func open(d *gpu.Device, n *learn.Network, o Options) (*GPU, error) {
	p, err := newPlan(n, o.Batch, o.Mixed, d.Software())
	if err != nil {
		return nil, err
	}
	binding := int64(d.MaxBuffer())
	limit := int64(math.MaxInt64)
	if o.Memory > 0 {
		limit = o.Memory
	}
	if d.Software() && o.Shared > 0 {
		limit = min(limit, o.Shared)
	}
	refuse := func(why string, limit int64) error {
		return fmt.Errorf("%w: training in batches of %d takes %.2f GB on %s, %s: %s",
			ErrMemory, o.Batch, float64(p.bytes())/1e9, d.Describe(), why, wouldFit(largest(n, o.Batch, o.Mixed, limit, binding)))
	}
	if err := p.check(binding); err != nil {
		return nil, refuse(err.Error(), limit)
	}
	if p.bytes() > limit {
		return nil, refuse(fmt.Sprintf("%.2f GB are free", float64(limit)/1e9), limit)
	}
	g := &GPU{plan: p, device: d, root: d.NewProgram(), programs: map[string]*gpu.Program{}, hyper: make([]float32, 4*settingsRows), scale: scale{by: 1}}
	if o.Mixed {
		g.scale = newScale()
	}
	done := int64(0)
	for _, b := range p.buffers {
		made, err := g.root.Buffer(b.label, b.n)
		if err != nil {
			g.root.Close()
			return nil, refuse(fmt.Sprintf("of which it gave %.2f (%v)", float64(done)/1e9, err), done)
		}
		g.buffers = append(g.buffers, made)
		done += b.bytes()
	}
	if err := g.writeAll(upload{p.zeros, make([]float32, p.zeros.n)}, upload{p.groups, p.learned.groupTable(n.Parameters)}); err != nil {
		g.root.Close()
		return nil, err
	}
	return g, nil
}

// Describe is the adapter's name, and in mixed precision that.
func (g *GPU) Describe() string {
	if g.half {
		return g.device.Describe() + ", mixed precision"
	}
	return g.device.Describe()
}

// Bytes is what was planned.
func (g *GPU) Bytes() int64 { return g.bytes() }

// Close frees the adapter.
func (g *GPU) Close() {
	for _, p := range g.programs {
		p.Close()
	}
	g.root.Close()
	g.device.Close()
}

func (g *GPU) bound(r ref) gpu.Buffer { return g.buffers[r.buffer].Part(r.from, r.n) }

type upload struct {
	to     ref
	values []float32
}

func (g *GPU) writeAll(all ...upload) error {
	for _, u := range all {
		if err := g.root.Write(g.bound(u.to), u.values); err != nil {
			return err
		}
	}
	return nil
}

func (g *GPU) read(r ref) ([]float32, error) { return g.root.Read(g.bound(r), r.n) }

// compiled is a program, put together when it is first wanted.
func (g *GPU) compiled(name string) (*gpu.Program, error) {
	if p := g.programs[name]; p != nil {
		return p, nil
	}
	p := g.root.Sibling()
	for _, c := range g.plan.programs[name] {
		bound := make([]gpu.Buffer, len(c.refs))
		for i, r := range c.refs {
			bound[i] = g.bound(r)
		}
		if err := p.Add(c.kernel, bound); err != nil {
			p.Close()
			return nil, fmt.Errorf("ongpu: %s: %w", name, err)
		}
	}
	p.Output(g.bound(g.logits), g.logits.n)
	if name != judge {
		p.Output(g.bound(g.total), 1)
	}
	g.programs[name] = p
	return p, nil
}

// Send uploads weights, statistics, moments and average.
func (g *GPU) Send(s learn.State) error {
	g.network, g.optimiser = s.Network, s.Optimiser
	values, statistics := g.arrays(s.Network)
	all := []upload{
		{g.weights, g.learned.join(values)}, {g.running, g.plan.statistics.join(pairs(statistics))},
		{g.first, g.learned.join(s.Optimiser.First)}, {g.second, g.learned.join(s.Optimiser.Second)},
	}
	if s.Average != nil {
		values, statistics := cut(s.Average, values, statistics)
		all = append(all, upload{g.averaged, g.learned.join(values)}, upload{g.averagedRunning, g.plan.statistics.join(pairs(statistics))})
	}
	return g.writeAll(all...)
}

// Fetch downloads what Send uploads.
func (g *GPU) Fetch(s learn.State) error {
	values, statistics := g.arrays(s.Network)
	type share struct {
		from   ref
		arena  arena
		arrays [][]float32
	}
	all := []share{{g.weights, g.learned, values}, {g.running, g.plan.statistics, statistics}, {g.first, g.learned, s.Optimiser.First}, {g.second, g.learned, s.Optimiser.Second}}
	if s.Average != nil {
		values, statistics := cut(s.Average, values, statistics)
		all = append(all, share{g.averaged, g.learned, values}, share{g.averagedRunning, g.plan.statistics, statistics})
	}
	read := make([][]float32, len(all))
	for i, a := range all { // all, before any of it counts
		var err error
		if read[i], err = g.read(a.from); err != nil {
			return err
		}
	}
	for i, a := range all {
		if a.from == g.running || a.from == g.averagedRunning {
			joined := pairs(a.arrays)
			a.arena.part(joined, read[i])
			for k, v := range joined {
				copy(a.arrays[2*k], v)
				copy(a.arrays[2*k+1], v[len(v)/2:])
			}
			continue
		}
		a.arena.part(a.arrays, read[i])
	}
	return nil
}

func (g *GPU) arrays(n *learn.Network) (values, statistics [][]float32) {
	all := n.Arrays()
	return all[:len(n.Parameters)], all[len(n.Parameters):]
}

// cut is flat in pieces as long as those of like.
func cut(flat []float32, like ...[][]float32) (values, statistics [][]float32) {
	var pieces [][]float32
	for _, v := range slices.Concat(like...) {
		pieces = append(pieces, flat[:len(v)])
		flat = flat[len(v):]
	}
	return pieces[:len(like[0])], pieces[len(like[0]):]
}

// Step is a submission or a few, with one readback: the logits, of which the
// processor computes the loss, and the gradient's norm.
func (g *GPU) Step(b learn.Batch, target []float32, h learn.Hyper) (o learn.Outcome, err error) {
	if len(b.Pictures) != g.batch {
		return o, fmt.Errorf("ongpu: a batch of %d pictures, want %d", len(b.Pictures), g.batch)
	}
	name := free
	if h.Frozen {
		name = frozen
	}
	program, err := g.compiled(name)
	if err != nil {
		return o, err
	}
	start := time.Now()
	a := g.optimiser
	g.set(h, a.Step+1)
	inputs := append(g.dropout(h), upload{g.x, b.X}, upload{g.labels, target}, upload{g.settings, g.hyper})
	if err := g.writeAll(inputs...); err != nil {
		return o, err
	}
	y, err := program.Replay(most)
	if err != nil {
		return o, err
	}
	o.Passes = time.Since(start)
	o.Loss = learn.CrossEntropy(make([]float32, len(target)), y[:g.logits.n], target, g.batch)
	o.Norm = math.Sqrt(float64(y[g.logits.n])) / float64(g.scale.by)
	well := !math.IsNaN(o.Norm) && !math.IsInf(o.Norm, 0)
	o.Skipped = g.scale.next(well, o.Loss)
	if well {
		a.Step++
	}
	return o, nil
}

// set fills the settings of a step, counted from 1.
func (g *GPU) set(h learn.Hyper, step int) {
	a := g.optimiser
	bias1, bias2 := 1-math.Pow(h.Momentum, float64(step)), 1-math.Pow(a.Beta2, float64(step))
	row := func(i int, values ...float64) {
		for k, v := range values {
			g.hyper[4*i+k] = float32(v)
		}
	}
	learns := 1.0
	if h.Frozen {
		learns = 0
	}
	row(bodyMatrix, 1-h.Body*a.Decay, h.Body/bias1, learns)
	row(bodyBias, 1, h.Body/bias1, learns)
	row(bodyNorm, 1, h.Body/bias1, 1)
	row(headMatrix, 1-h.Head*a.Decay, h.Head/bias1, 1)
	row(headVector, 1, h.Head/bias1, 1)
	row(momentRow, h.Momentum, a.Beta2, 1/math.Sqrt(bias2), a.Epsilon)
	row(limitRow, float64(g.scale.by), 1/float64(g.scale.by), h.Clip, h.Keep)
}

// dropout draws the masks, as the processor draws them.
func (g *GPU) dropout(h learn.Hyper) (masks []upload) {
	if g.Head != net.Fastai {
		return nil
	}
	for i, r := range []ref{g.masks, g.masks2} {
		mask := make([]float32, r.n)
		for k := range mask {
			mask[k] = 1
		}
		if h.Chance != nil {
			learn.Dropout(mask, learn.DropoutRates[i], h.Chance)
		}
		masks = append(masks, upload{r, mask})
	}
	return masks
}

// Logits are those of up to a batch of pictures, as they are.
func (g *GPU) Logits(b learn.Batch) ([]float32, error) {
	size := len(b.Pictures)
	if size > g.batch {
		return nil, fmt.Errorf("ongpu: %d pictures to judge, want at most a batch, %d", size, g.batch)
	}
	program, err := g.compiled(judge)
	if err != nil {
		return nil, err
	}
	// What lies behind the last picture is computed too, and not looked at.
	if err := g.writeAll(upload{g.x, b.X}); err != nil {
		return nil, err
	}
	y, err := program.Replay(most)
	if err != nil {
		return nil, err
	}
	return y[:size*g.Classes], nil
}

// Broken looks at gradients and weights of the last step. A device that cannot
// be read any more has its reason for a name.
func (g *GPU) Broken() string {
	grads, errGrads := g.read(g.grads)
	values, err := g.read(g.weights)
	if err := errors.Join(errGrads, err); err != nil {
		return err.Error()
	}
	gradients := make([][]float32, len(g.network.Parameters))
	for i, p := range g.network.Parameters {
		gradients[i] = p.Grad
	}
	own, _ := g.arrays(g.network)
	g.learned.part(gradients, grads)
	g.learned.part(own, values)
	return g.network.Broken()
}

package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/webgpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

type benchGPUCmd struct {
	Model  string       `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Runs   int          `default:"20" help:"Runs to time, of which the median counts."`
	Batch  int          `default:"32" help:"Pictures in a run of many."`
	Sizes  []int        `default:"224,300" help:"Pixels a side, by comma; of the first each step is timed."`
	Device deviceChoice `default:"gpu" placeholder:"gpu" help:"gpu, a hardware GPU; gpu:NAME, one with NAME in its adapter's name, also a software adapter such as gpu:llvmpipe."`
	JSON   bool         `name:"json" help:"Print JSON."`
}

// gpuBenched is what bench gpu prints.
type gpuBenched struct {
	GPU        string   `json:"gpu"` // the adapter
	Date       string   `json:"date"`
	Version    string   `json:"version"`
	PeakGFLOPS float64  `json:"peak_gflops"`       // multiply-adds in registers
	PeakGBps   float64  `json:"peak_gbytes_per_s"` // copying, read and written
	Runs       []gpuRun `json:"runs"`
	// What follows is of one picture of the first size.
	Plan       string     `json:"plan"`       // dispatches, pipelines, memory, how the steps are timed
	StepsMS    float64    `json:"steps_ms"`   // of all, each by itself
	Operations []gpuTimed `json:"operations"` // the slowest first
	Slowest    []gpuTimed `json:"slowest"`    // steps
}

// gpuRun is one way of running the network, from the upload of the input to the
// logits.
type gpuRun struct {
	Size        int     `json:"size"`     // pixels a side
	Pictures    int     `json:"pictures"` // in a run
	MS          float64 `json:"ms"`       // of a run, median
	PerSecond   float64 `json:"pictures_per_s"`
	GFLOPS      float64 `json:"gflops"`
	ShareOfPeak float64 `json:"share_of_peak"`
}

// gpuTimed is a step with the least memory that it has to read and write.
type gpuTimed struct {
	stepTimed
	MB          float64 `json:"mb"`
	GBps        float64 `json:"gbytes_per_s"`
	ShareOfGBps float64 `json:"share_of_peak_gbytes"`
}

// slowest is how many steps are shown.
const slowest = 10

// Run times a picture, many in one run, and each step by itself on a GPU, beside
// what that GPU reaches in arithmetic and in copying.
func (c *benchGPUCmd) Run(s streams) error {
	if c.Runs < 1 || c.Batch < 2 {
		return fmt.Errorf("--runs %d, --batch %d, want at least 1 and 2", c.Runs, c.Batch)
	}
	if len(c.Sizes) == 0 || slices.Min(c.Sizes) < smallestSide {
		return fmt.Errorf("--sizes %v, want at least %d pixels a side", c.Sizes, smallestSide)
	}
	if c.Device.kind != "gpu" {
		return fmt.Errorf("--device %s, want gpu or gpu:NAME; bench times the processor", cmp.Or(c.Device.kind, "auto"))
	}
	b, err := readVerified(c.Model)
	if err != nil {
		return err
	}
	r := gpuBenched{Date: time.Now().Format(time.DateOnly), Version: b.Version}
	for i, size := range c.Sizes {
		p, err := resized(b.Plan, size)
		if err != nil {
			return fmt.Errorf("--sizes: %w", err)
		}
		x := bundle.GoldenInput(b.Golden.Seed, size)
		for _, n := range []int{1, c.Batch} {
			outputs, err := c.time(s, p, x, n, i == 0 && n == 1, &r)
			if err == nil && size == b.Preprocess.Size {
				err = golden(b, outputs, n)
			}
			if err != nil {
				return err
			}
		}
	}
	for i := range r.Runs {
		r.Runs[i].ShareOfPeak = r.Runs[i].GFLOPS / r.PeakGFLOPS
	}
	if c.JSON {
		return s.printJSON(r)
	}
	return r.print(s)
}

// golden refuses figures of a GPU that computes something else: n times the
// self-test's input must give its logits n times.
func golden(b *bundle.Bundle, outputs [][]float32, n int) error {
	for i, o := range b.Plan.Outputs {
		want, ok := b.Golden.Logits[o.Name]
		if !ok {
			continue
		}
		allowed := b.Golden.Tolerance * max(slices.Max(want), -slices.Min(want))
		for j, got := range outputs[i] {
			if w := want[j%len(want)]; !(max(got-w, w-got) <= allowed) {
				return fmt.Errorf("%w: of %d pictures in a run, picture %d, head %s: logit %d is %v, want %v", engine.ErrSelfTest, n, j/len(want), o.Name, j%len(want), got, w)
			}
		}
	}
	return nil
}

// time runs x n times at once, and returns what came of it; and first, the GPU's
// peaks and each step by itself.
func (c *benchGPUCmd) time(s streams, p *plan.Plan, x []float32, n int, first bool, r *gpuBenched) (outputs [][]float32, err error) {
	d, err := webgpu.New(webgpu.Adapter(c.Device.adapter), webgpu.Pictures(n))
	if err != nil {
		return nil, fmt.Errorf("--device: %w", err)
	}
	g := d.(webgpu.Native)
	defer g.Close()
	r.GPU = g.Describe()
	if first {
		if err := r.peaks(g); err != nil {
			return nil, err
		}
	}
	session, err := d.Prepare(p)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	run := gpuRun{Size: p.Values[p.Input].H, Pictures: n}
	many := slices.Repeat(x, n)
	told := progress(s.err, run.way(), c.Runs)
	var took []float64
	for k := range c.Runs + 1 { // the first one warms up
		start := time.Now()
		if outputs, err = session.Run(many); err != nil {
			return nil, err
		}
		if k > 0 {
			took = append(took, time.Since(start).Seconds())
			told(k)
		}
	}
	slices.Sort(took)
	median := took[len(took)/2]
	run.MS, run.PerSecond = 1e3*median, float64(n)/median
	run.GFLOPS = 2 * float64(macs(p)) * run.PerSecond / 1e9
	r.Runs = append(r.Runs, run)
	if !first {
		return outputs, nil
	}
	r.Plan = session.(device.Summarizer).Summary()
	steps := make([][]float64, len(p.Steps))
	for range min(c.Runs, 5) {
		err := session.(device.Profiler).Profile(x, func(i int, t time.Duration) { steps[i] = append(steps[i], max(t.Seconds(), 1e-9)) })
		if err != nil {
			return nil, err
		}
	}
	// Machines change their pace: the peaks are the better of before and after.
	if err := r.peaks(g); err != nil {
		return nil, err
	}
	r.profile(p, steps)
	return outputs, nil
}

// peaks measures the GPU's own.
func (r *gpuBenched) peaks(g webgpu.Native) error {
	gflops, gbytes, err := g.Peaks()
	r.PeakGFLOPS, r.PeakGBps = max(r.PeakGFLOPS, gflops), max(r.PeakGBps, gbytes)
	return err
}

func (r gpuRun) way() string {
	if r.Pictures == 1 {
		return fmt.Sprintf("%d pixels, a picture a run", r.Size)
	}
	return fmt.Sprintf("%d pixels, %d pictures a run", r.Size, r.Pictures)
}

// profile sorts the steps' times and adds the memory that they move.
func (r *gpuBenched) profile(p *plan.Plan, took [][]float64) {
	all := profiled(p, took, r.PeakGFLOPS)
	r.StepsMS = all.MS
	moved := map[plan.Op]float64{}
	for i, t := range all.Steps {
		mb := megabytes(p, p.Steps[i])
		moved[t.Op] += mb
		r.Slowest = append(r.Slowest, r.moving(t, mb))
	}
	for _, t := range all.Operations {
		r.Operations = append(r.Operations, r.moving(t, moved[t.Op]))
	}
	slices.SortFunc(r.Slowest, func(a, b gpuTimed) int { return int(1e6 * (b.MS - a.MS)) })
	r.Slowest = r.Slowest[:min(slowest, len(r.Slowest))]
}

func (r *gpuBenched) moving(t stepTimed, mb float64) gpuTimed {
	g := gpuTimed{stepTimed: t, MB: mb, GBps: mb / t.MS}
	g.ShareOfGBps = g.GBps / r.PeakGBps
	return g
}

// megabytes are those of a step's maps and weights, each moved once.
func megabytes(p *plan.Plan, s plan.Step) float64 {
	n := p.Values[s.In].Len() + p.Values[s.Out].Len()
	for _, v := range []int{s.Gate, s.Residual} {
		if v != plan.None {
			n += p.Values[v].Len()
		}
	}
	for _, w := range []int{s.W, s.B, s.W2, s.B2} {
		if w != plan.None {
			n += tensor.Len(p.Weights[w].Shape)
		}
	}
	return 4e-6 * float64(n)
}

func (r gpuBenched) print(s streams) error {
	fmt.Fprintf(s.out, "%s, %s/%s, %s, model %s\n", r.GPU, runtime.GOOS, runtime.GOARCH, r.Date, r.Version)
	fmt.Fprintf(s.out, "its own peaks: %.0f GFLOP/s in registers, %.1f GB/s copying, on %s\n", r.PeakGFLOPS, r.PeakGBps, r.GPU)
	for _, t := range r.Runs {
		fmt.Fprintf(s.out, "%-30s %9.2f ms a run  %8.1f pictures/s  %8.1f GFLOP/s, %4.1f %% of the peak, on %s\n", t.way(), t.MS, t.PerSecond, t.GFLOPS, 100*t.ShareOfPeak, r.GPU)
	}
	fmt.Fprintf(s.out, "\n%s: %s\nThe steps together take %.3f ms on %s.\n\n", r.Runs[0].way(), r.Plan, r.StepsMS, r.GPU)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	table := func(head string, rows []gpuTimed, name func(gpuTimed) string) error {
		fmt.Fprintf(w, "ms\t%% of time\tGFLOP/s\t%% of peak\tGB/s\t%% of peak\t  %s, on %s\n", head, r.GPU)
		for _, t := range rows {
			fmt.Fprintf(w, "%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t  %s\n", t.MS, 100*t.ShareOfTime, t.GFLOPS, 100*t.ShareOfPeak, t.GBps, 100*t.ShareOfGBps, name(t))
		}
		return w.Flush()
	}
	if err := table("operation", r.Operations, func(t gpuTimed) string { return fmt.Sprintf("%s, %d steps", t.Op, t.Steps) }); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	return table("slowest steps", r.Slowest, func(t gpuTimed) string { return fmt.Sprintf("%s %s %s", t.Op, t.Shape, t.Name) })
}

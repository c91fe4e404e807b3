package main

import (
	"fmt"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/webgpu"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

type benchGPUCmd struct {
	Model  string       `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Runs   int          `default:"20" help:"Runs to time, of which the median counts."`
	Batch  int          `default:"32" help:"Pictures in a run of many."`
	Device deviceChoice `default:"gpu" placeholder:"gpu" help:"gpu, a hardware GPU; gpu:NAME, one with NAME in its adapter's name, also a software adapter such as gpu:llvmpipe."`
	JSON   bool         `name:"json" help:"Print JSON."`
}

// gpuBenched is what bench gpu prints.
type gpuBenched struct {
	GPU        string     `json:"gpu"` // the adapter
	Date       string     `json:"date"`
	Version    string     `json:"version"`
	Size       int        `json:"size"`
	Plan       string     `json:"plan"`              // dispatches, pipelines, memory
	PeakGFLOPS float64    `json:"peak_gflops"`       // multiply-adds in registers
	PeakGBps   float64    `json:"peak_gbytes_per_s"` // copying, read and written
	Runs       []timed    `json:"runs"`
	Operations []gpuTimed `json:"operations"` // the slowest first
	Slowest    []gpuTimed `json:"slowest"`    // steps
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
	if c.Device.kind != "gpu" {
		return fmt.Errorf("--device %s, want gpu or gpu:NAME; bench times the processor", c.Device.kind)
	}
	b, err := readVerified(c.Model)
	if err != nil {
		return err
	}
	r := gpuBenched{Date: time.Now().Format(time.DateOnly), Version: b.Version, Size: b.Preprocess.Size}
	if err := c.peaks(&r); err != nil {
		return err
	}
	for _, n := range []int{1, c.Batch} {
		if err := c.time(s, b, n, &r); err != nil {
			return err
		}
	}
	if c.JSON {
		return s.printJSON(r)
	}
	return r.print(s)
}

func (c *benchGPUCmd) peaks(r *gpuBenched) error {
	d, err := webgpu.New(webgpu.Adapter(c.Device.adapter))
	if err != nil {
		return err
	}
	g := d.(webgpu.Native)
	defer g.Close()
	r.GPU = g.Describe()
	r.PeakGFLOPS, r.PeakGBps, err = g.Peaks()
	return err
}

// time runs n pictures at once and, where n is 1, each step by itself.
func (c *benchGPUCmd) time(s streams, b *bundle.Bundle, n int, r *gpuBenched) error {
	d, err := webgpu.New(webgpu.Adapter(c.Device.adapter), webgpu.Pictures(n))
	if err != nil {
		return err
	}
	defer d.(webgpu.Native).Close()
	session, err := d.Prepare(b.Plan)
	if err != nil {
		return err
	}
	defer session.Close()
	x := slices.Repeat(bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size), n)
	way := fmt.Sprintf("%d pictures a run", n)
	if n == 1 {
		way = "one picture a run"
	}
	told := progress(s.err, way, c.Runs)
	var took []float64
	for k := range c.Runs + 1 { // the first one warms up
		start := time.Now()
		if _, err := session.Run(x); err != nil {
			return err
		}
		if k > 0 {
			took = append(took, time.Since(start).Seconds()/float64(n))
			told(k)
		}
	}
	slices.Sort(took)
	median := took[len(took)/2]
	t := timed{Way: way, MS: 1e3 * median, GFLOPS: 2 * float64(macs(b.Plan)) / median / 1e9, PeakGFLOPS: r.PeakGFLOPS}
	t.ShareOfPeak = t.GFLOPS / t.PeakGFLOPS
	r.Runs = append(r.Runs, t)
	if n > 1 {
		return nil
	}
	r.Plan = session.(device.Summarizer).Summary()
	steps := make([][]float64, len(b.Plan.Steps))
	for range min(c.Runs, 5) {
		err := session.(device.Profiler).Profile(x, func(i int, t time.Duration) { steps[i] = append(steps[i], max(t.Seconds(), 1e-9)) })
		if err != nil {
			return err
		}
	}
	r.profile(b.Plan, steps)
	return nil
}

// profile sorts the steps' times and adds the memory that they move.
func (r *gpuBenched) profile(p *plan.Plan, took [][]float64) {
	all := profiled(p, took, r.PeakGFLOPS)
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
	fmt.Fprintf(s.out, "%s, %s/%s, %s\nmodel %s, %d pixels: %s\n", r.GPU, runtime.GOOS, runtime.GOARCH, r.Date, r.Version, r.Size, r.Plan)
	fmt.Fprintf(s.out, "its own peaks: %.0f GFLOP/s in registers, %.1f GB/s copying\n", r.PeakGFLOPS, r.PeakGBps)
	for _, t := range r.Runs {
		fmt.Fprintf(s.out, "%-20s %8.2f ms a picture  %7.1f GFLOP/s  %4.1f %% of the peak  on %s\n", t.Way, t.MS, t.GFLOPS, 100*t.ShareOfPeak, r.GPU)
	}
	fmt.Fprintln(s.out)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	table := func(head string, rows []gpuTimed, name func(gpuTimed) string) error {
		fmt.Fprintln(w, "ms\t% of time\tGFLOP/s\t% of peak\tGB/s\t% of peak\t  "+head)
		for _, t := range rows {
			fmt.Fprintf(w, "%.3f\t%.1f\t%.1f\t%.0f\t%.1f\t%.0f\t  %s\n", t.MS, 100*t.ShareOfTime, t.GFLOPS, 100*t.ShareOfPeak, t.GBps, 100*t.ShareOfGBps, name(t))
		}
		return w.Flush()
	}
	if err := table("operation", r.Operations, func(t gpuTimed) string { return fmt.Sprintf("%s, %d steps", t.Op, t.Steps) }); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	return table("slowest steps", r.Slowest, func(t gpuTimed) string { return fmt.Sprintf("%s %s %s", t.Op, t.Shape, t.Name) })
}

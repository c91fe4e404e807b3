package main

import (
	"fmt"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/plan"
)

type benchStepsCmd struct {
	Model   string `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Runs    int    `default:"20" help:"Pictures to time."`
	Threads int    `default:"1" help:"Threads to a picture; 0: one for each core."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// stepTimed is a step of the plan, or all steps of an operation together.
type stepTimed struct {
	Name        string  `json:"name,omitempty"`
	Op          plan.Op `json:"op"`
	Steps       int     `json:"steps"`
	Shape       string  `json:"shape,omitempty"` // height x width x channels, and the channels that come of it
	MS          float64 `json:"ms"`              // median
	ShareOfTime float64 `json:"share_of_time"`
	MMAC        float64 `json:"mmac"`
	GFLOPS      float64 `json:"gflops"`
	ShareOfPeak float64 `json:"share_of_peak"`
}

// profile is what bench steps prints.
type profile struct {
	Device     string      `json:"device"`
	Threads    int         `json:"threads"`
	Version    string      `json:"version"`
	Size       int         `json:"size"`
	MS         float64     `json:"ms_a_picture"` // of the steps together
	PeakGFLOPS float64     `json:"peak_gflops"`  // packed product in cache, same threads
	Steps      []stepTimed `json:"steps"`
	Operations []stepTimed `json:"operations"` // the slowest first
}

// Run times each step of the network by itself, as it stands among the others.
func (c *benchStepsCmd) Run(s streams) error {
	if c.Runs < 1 || c.Threads < 0 {
		return fmt.Errorf("--runs %d, --threads %d, want at least 1 and 0", c.Runs, c.Threads)
	}
	b, err := readVerified(c.Model)
	if err != nil {
		return err
	}
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	processor := cpu.New(c.Threads)
	session, err := processor.Prepare(b.Plan)
	if err != nil {
		return err
	}
	defer session.Close()
	took := make([][]float64, len(b.Plan.Steps))
	x := bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size)
	told := progress(s.err, "steps", c.Runs)
	peak := pointwise.PeakGFLOPS(c.Threads)
	for k := range c.Runs + 1 { // the first one warms up
		err := session.(device.Profiler).Profile(x, func(i int, t time.Duration) {
			if k > 0 {
				took[i] = append(took[i], t.Seconds())
			}
		})
		if err != nil {
			return err
		}
		if k > 0 {
			told(k)
		}
	}
	// Machines change their pace: the peak is the better of before and after.
	peak = max(peak, pointwise.PeakGFLOPS(c.Threads))
	p := profiled(b.Plan, took, peak)
	p.Device, p.Threads, p.Version, p.Size = processor.Describe(), c.Threads, b.Version, b.Preprocess.Size
	if c.JSON {
		return s.printJSON(p)
	}
	return p.print(s)
}

// profiled sums up the seconds that each step took in each run.
func profiled(p *plan.Plan, took [][]float64, peak float64) profile {
	r := profile{PeakGFLOPS: peak}
	for i, step := range p.Steps {
		slices.Sort(took[i])
		t := stepTimed{
			Name: step.Name, Op: step.Op, Steps: 1, Shape: p.Shape(step),
			MS: 1e3 * took[i][len(took[i])/2], MMAC: float64(p.MACs(step)) / 1e6,
		}
		r.MS += t.MS
		r.Steps = append(r.Steps, t)
		k := slices.IndexFunc(r.Operations, func(o stepTimed) bool { return o.Op == step.Op })
		if k < 0 {
			k = len(r.Operations)
			r.Operations = append(r.Operations, stepTimed{Op: step.Op})
		}
		r.Operations[k].Steps++
		r.Operations[k].MS += t.MS
		r.Operations[k].MMAC += t.MMAC
	}
	slices.SortFunc(r.Operations, func(a, b stepTimed) int { return int(1e6 * (b.MS - a.MS)) })
	for _, rows := range [][]stepTimed{r.Steps, r.Operations} {
		for i := range rows {
			t := &rows[i]
			t.ShareOfTime = t.MS / r.MS
			t.GFLOPS = 2 * t.MMAC / t.MS
			t.ShareOfPeak = t.GFLOPS / peak
		}
	}
	return r
}

func (p profile) print(s streams) error {
	fmt.Fprintf(s.out, "%s, model %s, %d pixels: %.2f ms, the packed product reaches %.0f GFLOP/s\n\n", p.Device, p.Version, p.Size, p.MS, p.PeakGFLOPS)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "ms\t% of time\tMMAC\tGFLOP/s\t% of peak\t  "
	row := func(t stepTimed, name string) {
		fmt.Fprintf(w, "%.3f\t%.1f\t%.2f\t%.1f\t%.0f\t  %s\n", t.MS, 100*t.ShareOfTime, t.MMAC, t.GFLOPS, 100*t.ShareOfPeak, name)
	}
	fmt.Fprintln(w, head+"step")
	for _, t := range p.Steps {
		row(t, fmt.Sprintf("%s %s %s", t.Op, t.Shape, t.Name))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	fmt.Fprintln(w, head+"operation")
	for _, t := range p.Operations {
		row(t, fmt.Sprintf("%s, %d steps", t.Op, t.Steps))
	}
	return w.Flush()
}

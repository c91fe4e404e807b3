package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"blastlens/wasm/plan"
)

// The shipped model: every step has a time, and the sums are those of bench.
func TestBenchSteps(t *testing.T) {
	b, err := readVerified("")
	if err != nil {
		t.Fatal(err)
	}
	var p profile
	runs(t, &benchStepsCmd{Runs: 1, Threads: 1, JSON: true}, &p)
	if len(p.Steps) != len(b.Plan.Steps) || p.PeakGFLOPS <= 0 || p.Version != b.Version {
		t.Fatalf("%d steps, peak %v, version %s; want %d steps of %s", len(p.Steps), p.PeakGFLOPS, p.Version, len(b.Plan.Steps), b.Version)
	}
	for _, rows := range [][]stepTimed{p.Steps, p.Operations} {
		steps, ms, share, mmac := 0, 0.0, 0.0, 0.0
		for _, r := range rows {
			if r.MS <= 0 {
				t.Errorf("%s %s took %v ms", r.Op, r.Name, r.MS)
			}
			steps, ms, share, mmac = steps+r.Steps, ms+r.MS, share+r.ShareOfTime, mmac+r.MMAC
		}
		if want := float64(macs(b.Plan)) / 1e6; steps != len(b.Plan.Steps) || math.Abs(ms/p.MS-1) > 1e-9 || math.Abs(share-1) > 1e-9 || math.Abs(mmac/want-1) > 1e-9 {
			t.Errorf("%d steps, %v ms, share %v, %v MMAC; want %d, %v, 1, %v", steps, ms, share, mmac, len(b.Plan.Steps), p.MS, want)
		}
	}

	pointwise := 0
	for _, s := range b.Plan.Steps {
		if s.Op == plan.Pointwise {
			pointwise++
		}
	}
	var out, said bytes.Buffer
	if err := (&benchStepsCmd{Runs: 1}).Run(streams{out: &out, err: &said}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"% of peak", "stem 224x224x3-40 conv_stem", fmt.Sprintf("pointwise, %d steps", pointwise)} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, out.String())
		}
	}
	fails(t, &benchStepsCmd{}, "--runs 0")
}

func TestProfiled(t *testing.T) {
	p := &plan.Plan{
		Values: []plan.Value{{H: 10, W: 10, C: 100}, {H: 10, W: 10, C: 50}, {H: 10, W: 10, C: 50}},
		Steps:  []plan.Step{{Op: plan.Pointwise, In: 0, Out: 1}, {Op: plan.Depthwise, In: 1, Out: 2, Kernel: 3}},
	}
	// Medians of 0.1 and 0.3 ms; 0.5 MMAC in 0.1 ms are 10 GFLOP/s.
	got := profiled(p, [][]float64{{9, 0, 1e-4}, {3e-4, 3e-4, 4e-4}}, 20)
	if s := got.Steps[0]; math.Abs(s.MS-.1) > 1e-9 || math.Abs(s.GFLOPS-10) > 1e-9 || math.Abs(s.ShareOfPeak-.5) > 1e-9 || math.Abs(s.ShareOfTime-.25) > 1e-9 || s.Shape != "10x10x100-50" {
		t.Errorf("%+v, want 0.1 ms, 10 GFLOP/s, half the peak, a quarter of the time", s)
	}
	if got.Operations[0].Op != plan.Depthwise {
		t.Errorf("operations %+v, want the slowest first", got.Operations)
	}
}

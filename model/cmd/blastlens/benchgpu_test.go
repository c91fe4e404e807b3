package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
)

// The shipped model on lavapipe, which has to be named.
func TestBenchGPU(t *testing.T) {
	lavapipe := deviceChoice{kind: "gpu", adapter: kerneltest.Lavapipe}
	var r gpuBenched
	runs(t, &benchGPUCmd{Runs: 1, Batch: 2, Device: lavapipe, JSON: true}, &r)
	if !strings.Contains(r.GPU, kerneltest.Lavapipe) || r.PeakGFLOPS <= 0 || r.PeakGBps <= 0 || !strings.Contains(r.Plan, "dispatches") || len(r.Runs) != 2 || len(r.Slowest) != slowest {
		t.Fatalf("%+v", r)
	}
	for _, run := range r.Runs {
		if run.MS <= 0 || run.ShareOfPeak <= 0 || run.ShareOfPeak > 1 {
			t.Errorf("%+v: want some time, and a share of the peak", run)
		}
	}
	share, before := 0.0, math.Inf(1)
	for _, o := range r.Operations {
		share += o.ShareOfTime
		if o.MB <= 0 || o.MS > before {
			t.Errorf("%s moves %v MB in %v ms, after %v", o.Op, o.MB, o.MS, before)
		}
		before = o.MS
	}
	if math.Abs(share-1) > 1e-9 {
		t.Errorf("the operations share %v of the time", share)
	}
	var out bytes.Buffer
	if err := r.print(streams{out: &out, err: &out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"its own peaks", "one picture a run", "2 pictures a run", "slowest steps", "on " + r.GPU} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	fails(t, &benchGPUCmd{Runs: 1, Batch: 2, Device: deviceChoice{kind: "gpu", adapter: "no such card"}}, "no such card")
	fails(t, &benchGPUCmd{Runs: 1, Batch: 2, Device: onProcessor}, "--device cpu")
	fails(t, &benchGPUCmd{Runs: 1, Batch: 1, Device: lavapipe}, "--batch 1")
}

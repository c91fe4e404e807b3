package main

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"blastlens/wasm/engine"
	"blastlens/wasm/kernel/kerneltest"
)

// The shipped model on lavapipe, which has to be named.
func TestBenchGPU(t *testing.T) {
	b, err := readVerified("")
	if err != nil {
		t.Fatal(err)
	}
	own := b.Preprocess.Size
	lavapipe := deviceChoice{kind: "gpu", adapter: kerneltest.Lavapipe}
	var r gpuBenched
	runs(t, &benchGPUCmd{Runs: 1, Batch: 2, Sizes: []int{own, 64}, Device: lavapipe, JSON: true}, &r)
	if !strings.Contains(r.GPU, kerneltest.Lavapipe) || r.PeakGFLOPS <= 0 || r.PeakGBps <= 0 || !strings.Contains(r.Plan, "dispatches of") || len(r.Slowest) != slowest {
		t.Fatalf("%+v", r)
	}
	var way [][2]int
	for _, run := range r.Runs {
		way = append(way, [2]int{run.Size, run.Pictures})
		if run.MS <= 0 || run.ShareOfPeak <= 0 || run.ShareOfPeak > 1 || math.Abs(run.PerSecond*run.MS/1e3/float64(run.Pictures)-1) > 1e-9 {
			t.Errorf("%+v: want some time, as many pictures a second, and a share of the peak", run)
		}
	}
	if want := [][2]int{{own, 1}, {own, 2}, {64, 1}, {64, 2}}; !slices.Equal(way, want) {
		t.Errorf("pixels and pictures %v, want %v", way, want)
	}
	steps, ms, share, before := 0, 0.0, 0.0, math.Inf(1)
	for _, o := range r.Operations {
		steps, ms, share = steps+o.Steps, ms+o.MS, share+o.ShareOfTime
		if o.MB <= 0 || o.GBps <= 0 || o.MS <= 0 || o.MS > before {
			t.Errorf("%s moves %v MB in %v ms, after %v", o.Op, o.MB, o.MS, before)
		}
		before = o.MS
	}
	if steps != len(b.Plan.Steps) || math.Abs(ms/r.StepsMS-1) > 1e-9 || math.Abs(share-1) > 1e-9 {
		t.Errorf("operations of %d steps share %v of the time, %v ms; want %d, 1, %v", steps, share, ms, len(b.Plan.Steps), r.StepsMS)
	}
	var out bytes.Buffer
	if err := r.print(streams{out: &out, err: &out}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "GFLOP/s") && !strings.Contains(line, "on "+r.GPU) {
			t.Errorf("a line of figures that does not name the GPU: %s", line)
		}
	}
	for _, want := range []string{"its own peaks", "64 pixels, a picture a run", "64 pixels, 2 pictures a run", "slowest steps", "alone in a submission"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestBenchGPURefuses(t *testing.T) {
	for says, c := range map[string]benchGPUCmd{
		"no such card":  {Runs: 1, Batch: 2, Sizes: []int{224}, Device: deviceChoice{kind: "gpu", adapter: "no such card"}},
		"--device cpu":  {Runs: 1, Batch: 2, Sizes: []int{224}, Device: onProcessor},
		"--device auto": {Runs: 1, Batch: 2, Sizes: []int{224}},
		"--batch 1":     {Runs: 1, Batch: 1, Sizes: []int{224}, Device: deviceChoice{kind: "gpu"}},
		"--runs 0":      {Batch: 2, Sizes: []int{224}, Device: deviceChoice{kind: "gpu"}},
		"--sizes [16]":  {Runs: 1, Batch: 2, Sizes: []int{16}, Device: deviceChoice{kind: "gpu"}},
		"--sizes []":    {Runs: 1, Batch: 2, Device: deviceChoice{kind: "gpu"}},
	} {
		fails(t, &c, says)
	}
}

// Figures of a GPU that is wrong about one picture of several are none.
func TestGolden(t *testing.T) {
	b, err := readVerified("")
	if err != nil {
		t.Fatal(err)
	}
	var outputs [][]float32
	for _, o := range b.Plan.Outputs {
		outputs = append(outputs, slices.Repeat(b.Golden.Logits[o.Name], 3))
	}
	if err := golden(b, outputs, 3); err != nil {
		t.Error(err)
	}
	for _, wrong := range []float32{outputs[0][len(outputs[0])-1] + 1, float32(math.NaN())} {
		outputs[0][len(outputs[0])-1] = wrong
		if err := golden(b, outputs, 3); !errors.Is(err, engine.ErrSelfTest) || !strings.Contains(err.Error(), "picture 2") {
			t.Errorf("error %v, want one of the self-test that names picture 2", err)
		}
	}
}

// A plan of another side is the one that the network of that side is packed to.
func TestResized(t *testing.T) {
	b, err := readVerified("")
	if err != nil {
		t.Fatal(err)
	}
	same, err := resized(b.Plan, b.Preprocess.Size)
	if err != nil || !reflect.DeepEqual(same.Values, b.Plan.Values) || !reflect.DeepEqual(same.Buffers, b.Plan.Buffers) {
		t.Errorf("of its own side: %v, or other values", err)
	}
	larger, err := resized(b.Plan, 300)
	if err != nil {
		t.Fatal(err)
	}
	// They grow with the pixels, 1.79 times as many, and sides are rounded up.
	if ratio := float64(macs(larger)) / float64(macs(b.Plan)); ratio < 1.79 || ratio > 2 {
		t.Errorf("%v times the multiply-adds", ratio)
	}
}

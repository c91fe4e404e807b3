package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"blastlens/model/graph"
	"blastlens/model/lower"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// TestFoldNorms wants the folded network to answer as the one with batch-norms,
// without any of them, and with every block at work.
func TestFoldNorms(t *testing.T) {
	data, err := os.ReadFile("../../../web/model/blastlens-b3.blm")
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	_, output, err := plain(b)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64
	g, err := build(b, size, output)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := answer(t, g, size)
	foldNorms(g)
	got, steps := answer(t, g, size)
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-4*(1+math.Abs(float64(want[i])))) {
			t.Errorf("logit %d is %g folded, want %g", i, got[i], want[i])
		}
	}
	for _, n := range g.Nodes {
		if n.Op == "BatchNormalization" {
			t.Errorf("%s is still there", n.Name)
		}
	}
	if want := 4 + 2*3 + 24*4; steps != want {
		t.Errorf("%d steps, want %d: stem, two blocks of 3, 24 of 4, last convolution, pool, classifier", steps, want)
	}
}

func answer(t *testing.T, g *graph.Graph, size int) (logits []float32, steps int) {
	t.Helper()
	p, err := lower.Lower(g, size)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cpu.New(1).Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	outputs, err := s.Run(bundle.GoldenInput(1, size))
	if err != nil {
		t.Fatal(err)
	}
	return outputs[0], len(p.Steps)
}

// The bench's scripts read the plan by these names.
func TestPlanFile(t *testing.T) {
	w := writer{stem: filepath.Join(t.TempDir(), "b3")}
	p := &plan.Plan{
		Values: []plan.Value{{H: 8, W: 8, C: 3}}, Steps: []plan.Step{{Op: plan.Stem, Act: "silu"}},
		Weights: []tensor.Float32{{Shape: []int{2}, Data: []float32{1, 2}}, {Shape: []int{1}, Data: []float32{3}}},
	}
	if err := w.plan(p); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(w.stem + ".plan.json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Values  []map[string]any `json:"values"`
		Steps   []map[string]any `json:"steps"`
		Weights []struct {
			Shape []int `json:"shape"`
			At    int   `json:"at"`
		} `json:"weights"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Values) != 1 || got.Values[0]["H"] != 8.0 || len(got.Steps) != 1 || got.Steps[0]["op"] != "stem" || got.Steps[0]["act"] != "silu" ||
		len(got.Weights) != 2 || got.Weights[1].At != 2 || len(got.Weights[1].Shape) != 1 {
		t.Errorf("the plan is written as %s", text)
	}
}

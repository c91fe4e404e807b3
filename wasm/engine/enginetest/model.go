// Package enginetest offers tests a packed model small enough to check by hand
// and a device that fails as told.
package enginetest

import (
	"bytes"
	"slices"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

const (
	// Size is the model's input, pixels.
	Size = 8
	// Within bounds what the 8-bit weights of the file change in a logit.
	Within = 1e-3
)

// Model packs a network that takes the mean of each channel, (value/255 -
// 0.5)/0.25, for the logits of its head "tint" (Red, Green, Blue); its
// demonstration head "drawn" (Dark, Light) has minus and plus their sum. change
// may be nil.
func Model(t testing.TB, change func(*bundle.Bundle)) ([]byte, bundle.Manifest) {
	t.Helper()
	n := plan.None
	b := &bundle.Bundle{
		Version: "means-1", Network: "means",
		Heads: []bundle.Head{
			{Name: "tint", Classes: []bundle.Class{
				{Name: "Red", Title: "Red smear"}, {Name: "Green", Title: "Green (spring)", Group: "benign"}, {Name: "Blue", Title: "Blue smear"}},
				Record: []byte(`{"accuracy":1}`)},
			{Name: "drawn", Demonstration: true, Classes: []bundle.Class{{Name: "Dark", Title: "Dark"}, {Name: "Light", Title: "Light"}}},
		},
		Preprocess: bundle.Preprocess{Size: Size, Resize: "centre-crop", Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.25, 0.25, 0.25}},
		Plan: &plan.Plan{
			Values: []plan.Value{
				{Name: "x", H: Size, W: Size, C: 3, Buffer: 0}, {Name: "mean", H: 1, W: 1, C: 3, Buffer: 1},
				{Name: "tint", H: 1, W: 1, C: 3, Buffer: 2}, {Name: "drawn", H: 1, W: 1, C: 2, Buffer: 3}},
			Buffers: []int{Size * Size * 3, 3, 3, 2},
			Steps: []plan.Step{
				{Op: plan.Pool, Name: "pool", Pool: pool.Avg, In: 0, Gate: n, Residual: n, Out: 1, W: n, B: n, W2: n, B2: n},
				{Op: plan.Dense, Name: "tint", In: 1, Gate: n, Residual: n, Out: 2, W: 0, B: 1, W2: n, B2: n},
				{Op: plan.Dense, Name: "drawn", In: 1, Gate: n, Residual: n, Out: 3, W: 2, B: 3, W2: n, B2: n},
			},
			Outputs: []plan.Output{{Name: "drawn", Value: 3}, {Name: "tint", Value: 2}}, // not in the order of the heads
			Weights: []tensor.Float32{
				{Name: "tint.weight", Shape: []int{3, 3}, Data: []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}},
				{Name: "tint.bias", Shape: []int{3}, Data: []float32{0, 0, 0}},
				{Name: "drawn.weight", Shape: []int{3, 2}, Data: []float32{-1, 1, -1, 1, -1, 1}},
				{Name: "drawn.bias", Shape: []int{2}, Data: []float32{0, 0}},
			},
		},
		Golden: bundle.Golden{Seed: 3, Tolerance: 1e-3},
	}
	drawn, tint := logits(b.Plan, bundle.GoldenInput(b.Golden.Seed, Size))
	b.Golden.Logits = map[string][]float32{"tint": tint, "drawn": drawn}
	if change != nil {
		change(b)
	}
	var file bytes.Buffer
	if err := bundle.Write(&file, b); err != nil {
		t.Fatal(err)
	}
	m := bundle.Seal(file.Bytes())
	m.File, m.Version = "means.blm", b.Version
	return file.Bytes(), m
}

// logits runs the model by plain loops over a plan's weights.
func logits(p *plan.Plan, x []float32) (drawn, tint []float32) {
	var mean [3]float64
	for i, v := range x {
		mean[i%3] += float64(v) / (Size * Size)
	}
	dense := func(i int) []float32 {
		w, b := p.Weights[i].Data, p.Weights[i+1].Data
		y := slices.Clone(b)
		for i := range w {
			y[i%len(b)] += float32(mean[i/len(b)]) * w[i]
		}
		return y
	}
	return dense(2), dense(0)
}

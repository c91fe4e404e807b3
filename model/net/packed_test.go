package net_test

import (
	"bytes"
	"math"
	"testing"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
)

// TestPacked packs the whole network with the heads that ship, its body rounded
// as before training: it must stay within 13 MB, and its answers near those of
// the network that was packed.
func TestPacked(t *testing.T) {
	p := goldenParams(t, 11)
	if err := load.Round(p); err != nil {
		t.Fatal(err)
	}
	outputs := []net.Output{{Name: "smear", Head: net.Fastai, Classes: 4}, {Name: "drawn", Head: net.Plain, Classes: 4}}
	g, err := net.Build(p, 224, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	made, err := lower.Lower(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	err = bundle.Write(&file, &bundle.Bundle{
		Network: net.Architecture, Plan: made,
		Preprocess: bundle.Preprocess{Size: 224, Std: [3]float32{1, 1, 1}},
		Heads:      []bundle.Head{{Name: "smear", Classes: make([]bundle.Class, 4)}, {Name: "drawn", Classes: make([]bundle.Class, 4)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if file.Len() > 13_000_000 {
		t.Errorf("the model file has %d bytes, want at most 13,000,000", file.Len())
	}
	b, err := bundle.Read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	x := bundle.GoldenInput(7, 224)
	d := cpu.New(0)
	want, got := run(t, d, made, x), run(t, d, b.Plan, x)
	for i, o := range outputs {
		worst, largest := 0.0, 0.0
		for j, w := range want[i] {
			worst, largest = max(worst, math.Abs(float64(got[i][j]-w))), max(largest, math.Abs(float64(w)))
		}
		t.Logf("%s: rounding the weights moved the logits by %.1f %% of the largest; %d bytes", o.Name, 100*worst/largest, file.Len())
		if !(worst <= 0.1*largest) {
			t.Errorf("%s: rounding the weights moved a logit by %g, the largest is %g", o.Name, worst, largest)
		}
	}
}

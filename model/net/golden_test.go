package net_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"testing"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/plan"
)

// golden is testdata/golden.json, which golden.py wrote.
type golden struct {
	Runtime   string
	Seed      uint32
	InputSeed uint32 `json:"input_seed"`
	Sizes     map[string]map[string]sample
}

// sample is some values of a tensor in NHWC, and the largest absolute of all.
type sample struct {
	Length int
	Max    float64
	At     []int
	Values []float32
}

func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	p := goldenParams(t, want.Seed)
	for size, key := range map[int]string{65: "65", 224: "224"} {
		outputs := []net.Output{
			{Name: "fastai", Head: net.Fastai, Classes: 4},
			{Name: "plain", Head: net.Plain, Classes: 4},
			{Name: "features", Head: net.Pooled},
		}
		for _, m := range net.Marks {
			outputs = append(outputs, net.Output{Name: m, Mark: m})
		}
		g, err := net.Build(p, size, outputs...)
		if err != nil {
			t.Fatal(err)
		}
		made, err := lower.Lower(g, size)
		if err != nil {
			t.Fatal(err)
		}
		x := bundle.GoldenInput(want.InputSeed, size)
		for _, d := range []device.Device{cpu.NewRef(), cpu.New(0)} {
			for i, got := range run(t, d, made, x) {
				compare(t, fmt.Sprintf("%s, %d, %s", d.Describe(), size, outputs[i].Name), got, want.Sizes[key][outputs[i].Name])
			}
		}
	}
}

func run(t *testing.T, d device.Device, p *plan.Plan, x []float32) [][]float32 {
	t.Helper()
	s, err := d.Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	y, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// compare wants max|a-b| <= 1e-3 max|b| on the sampled values.
func compare(t *testing.T, name string, got []float32, want sample) {
	t.Helper()
	if len(got) != want.Length || len(want.Values) == 0 {
		t.Fatalf("%s: %d values, want %d", name, len(got), want.Length)
	}
	worst := 0.0
	for i, at := range want.At {
		worst = max(worst, math.Abs(float64(got[at]-want.Values[i])))
	}
	t.Logf("%s differs by %.1e of the largest", name, worst/want.Max)
	if !(worst <= 1e-3*want.Max) {
		t.Errorf("%s differs by %g, want at most a thousandth of %g", name, worst, want.Max)
	}
}

// goldenParams are InitHash's with two heads, and the batch-norm statistics
// that golden.py calibrated.
func goldenParams(t *testing.T, seed uint32) net.Params {
	t.Helper()
	p := net.InitHash(net.Fastai, 4, seed)
	maps.Copy(p, net.InitHash(net.Plain, 4, seed))
	data, err := os.ReadFile("testdata/statistics.f16")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range net.Names(net.Fastai, 4) {
		if name.Role != net.Mean && name.Role != net.Variance {
			continue
		}
		for i := range p[name.Name].Data {
			p[name.Name].Data[i] = bundle.FromHalf(binary.LittleEndian.Uint16(data))
			data = data[2:]
		}
	}
	if len(data) != 0 {
		t.Fatalf("%d bytes of statistics are left", len(data))
	}
	return p
}

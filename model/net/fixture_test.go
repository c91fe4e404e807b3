package net_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/device/cpu"
)

// fixture has a network with random weights and what onnxruntime made of it.
const fixture = "../../../shared/fixtures/b3-random"

func TestFixture(t *testing.T) {
	if _, err := os.Stat(fixture); err != nil {
		t.Skip("no reference tensors beside the checkout; TestGolden covers the same path with weights of its own")
	}
	p := net.InitRandom(net.Plain, 4, 1)
	report, err := load.Into(p, net.Names(net.Plain, 4), filepath.Join(fixture, "efficientnet_b3_random.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Missing)+len(report.Extra) > 0 || !report.Head || report.Loaded != 496 {
		t.Fatalf("report is %+v, want all 496 tensors and no others", report)
	}
	d := cpu.New(0)
	for _, size := range []int{224, 300} {
		outputs := []net.Output{{Name: "logits", Head: net.Plain, Classes: 4}}
		if size == 224 {
			for _, m := range net.Marks {
				outputs = append(outputs, net.Output{Name: "mark_" + m, Mark: m})
			}
		}
		g, err := net.Build(p, size, outputs...)
		if err != nil {
			t.Fatal(err)
		}
		made, err := lower.Lower(g, size)
		if err != nil {
			t.Fatal(err)
		}
		x := nhwc(raw(t, fmt.Sprintf("input_%d.f32", size)), 3)
		for i, got := range run(t, d, made, x) {
			v := made.Values[made.Outputs[i].Value]
			want := nhwc(raw(t, fmt.Sprintf("%s_%d.f32", outputs[i].Name, size)), v.C)
			if len(got) != len(want) {
				t.Fatalf("%s at %d: %d values, want %d", outputs[i].Name, size, len(got), len(want))
			}
			worst, largest := 0.0, 0.0
			for j, w := range want {
				worst, largest = max(worst, math.Abs(float64(got[j]-w))), max(largest, math.Abs(float64(w)))
			}
			t.Logf("%s, %d, %s differs by %.1e of the largest", d.Describe(), size, outputs[i].Name, worst/largest)
			if !(worst <= 1e-3*largest) {
				t.Errorf("%s at %d differs by %g, want at most a thousandth of %g", outputs[i].Name, size, worst, largest)
			}
		}
	}
}

// raw reads little-endian float32.
func raw(t *testing.T, name string) []float32 {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixture, name))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values
}

// nhwc is x [C,pixels] as [pixels,C].
func nhwc(x []float32, channels int) []float32 {
	y := make([]float32, len(x))
	pixels := len(x) / channels
	for c := range channels {
		for p := range pixels {
			y[p*channels+c] = x[c*pixels+p]
		}
	}
	return y
}

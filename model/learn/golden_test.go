package learn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/kernel/kerneltest"
)

// golden is testdata/golden.json, which golden.py wrote.
type golden struct {
	Runtime   string
	Seed      uint32
	InputSeed uint32 `json:"input_seed"`
	Size      int
	Batch     int
	Heads     map[net.Head]struct {
		Logits  []float32
		Loss    float64
		Tensors map[string]struct {
			Max    float64
			At     []int
			Values []float64
		}
	}
}

// One step of the whole network agrees with PyTorch: logits, loss, every
// gradient and every running statistic.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	var x []float32
	for i := range g.Batch {
		x = append(x, bundle.GoldenInput(g.InputSeed+10*uint32(i), g.Size)...)
	}
	for head, want := range g.Heads {
		t.Run(string(head), func(t *testing.T) {
			n, err := New(B3(head, 4, g.Size), g.Batch)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if err := n.Load(net.InitHash(head, 4, g.Seed)); err != nil {
				t.Fatal(err)
			}
			logits := n.Forward(x, g.Batch, true, nil)
			kerneltest.Equal(t, logits, want.Logits, 1e-3)
			dlogits := make([]float32, len(logits))
			if loss := CrossEntropy(dlogits, logits, oneHot(g.Batch, 4), g.Batch); math.Abs(loss-want.Loss) > 1e-4*want.Loss {
				t.Errorf("loss %v, %s says %v", loss, g.Runtime, want.Loss)
			}
			n.Backward(x, dlogits, g.Batch)
			got := n.Gradients()
			if len(want.Tensors) != len(got) {
				t.Errorf("%d tensors, want %d", len(got), len(want.Tensors))
			}
			worst, worstName, largest := 0.0, "", 0.0
			for name := range want.Tensors {
				largest = max(largest, want.Tensors[name].Max)
			}
			for name, w := range want.Tensors {
				if len(w.At) == 0 {
					t.Fatalf("%s has no samples", name)
				}
				for k, at := range w.At {
					// What a later batch-norm takes away has a gradient of nothing but rounding.
					d := math.Abs(float64(got[name].Data[at])-w.Values[k]) / max(w.Max, 1e-4*largest)
					if d > worst {
						worst, worstName = d, name
					}
				}
			}
			t.Logf("%d tensors; %s differs most, by %.1e of its largest value", len(want.Tensors), worstName, worst)
			if !(worst <= 5e-3) {
				t.Errorf("%s differs by %.2e of its largest value", worstName, worst)
			}
		})
	}
}

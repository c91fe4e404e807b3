//go:build !js

package tab

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
	"blastlens/web/model"
)

// network is a plan that is written step by step.
type network struct{ plan.Plan }

// step appends s, which has its own In, to make a value [h,w,c]. The weights W,
// B, W2, B2 get the given shapes.
func (n *network) step(s plan.Step, gate, residual, h, w, c int, weights ...[]int) int {
	s.Name = fmt.Sprintf("%s%d", s.Op, len(n.Steps))
	s.Gate, s.Residual, s.W, s.B, s.W2, s.B2 = gate, residual, none, none, none, none
	for i, at := range []*int{&s.W, &s.B, &s.W2, &s.B2}[:len(weights)] {
		shape := weights[i]
		summed := max(1, tensor.Len(shape)/shape[len(shape)-1])
		*at = len(n.Weights)
		n.Weights = append(n.Weights, tensor.Float32{Name: fmt.Sprint(s.Name, ".", i), Shape: shape,
			Data: kerneltest.Scaled(uint32(*at), tensor.Len(shape), float32(math.Sqrt(3/float64(summed))))})
	}
	n.Values = append(n.Values, plan.Value{H: h, W: w, C: c})
	s.Out = len(n.Values) - 1
	n.Steps = append(n.Steps, s)
	return s.Out
}

// everyOperation has all operations, odd counts of channels, gates, a residual, a
// squeeze after something that is not depthwise, buffers used several times, two
// outputs, and a picture that is read by more than the stem.
func everyOperation() *plan.Plan {
	n := &network{}
	n.Values = []plan.Value{{H: 21, W: 18, C: 3}}
	colour := n.step(plan.Step{Op: plan.Pool, In: 0, Pool: pool.MaxAvg}, none, none, 1, 1, 6)
	v := n.step(plan.Step{Op: plan.Stem, In: 0, Act: activation.SiLU}, none, none, 11, 9, 12, []int{3, 3, 3, 12}, []int{12})
	v = n.step(plan.Step{Op: plan.Depthwise, In: v, Kernel: 3, Stride: 1, Act: activation.ReLU}, none, none, 11, 9, 12, []int{3, 3, 12}, []int{12})
	gate := n.step(plan.Step{Op: plan.Squeeze, In: v}, none, none, 1, 1, 12, []int{12, 3}, []int{3}, []int{3, 12}, []int{12})
	v = n.step(plan.Step{Op: plan.Pointwise, In: v}, gate, none, 11, 9, 10, []int{12, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Pointwise, In: v, Act: activation.SiLU}, none, none, 11, 9, 30, []int{10, 30}, []int{30})
	v = n.step(plan.Step{Op: plan.Depthwise, In: v, Kernel: 5, Stride: 2, Act: activation.SiLU}, none, none, 6, 5, 30, []int{5, 5, 30}, []int{30})
	gate = n.step(plan.Step{Op: plan.Squeeze, In: v}, none, none, 1, 1, 30, []int{30, 7}, []int{7}, []int{7, 30}, []int{30})
	project := n.step(plan.Step{Op: plan.Pointwise, In: v}, gate, none, 6, 5, 10, []int{30, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Pointwise, In: project, Act: activation.Sigmoid}, none, project, 6, 5, 10, []int{10, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Norm, In: v, Act: activation.SiLU}, none, none, 6, 5, 10, []int{10}, []int{10})
	gate = n.step(plan.Step{Op: plan.Squeeze, In: v}, none, none, 1, 1, 10, []int{10, 2}, []int{2}, []int{2, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Pointwise, In: v}, gate, none, 6, 5, 9, []int{10, 9}, []int{9})
	v = n.step(plan.Step{Op: plan.Pool, In: v, Pool: pool.MaxAvg}, none, none, 1, 1, 18)
	v = n.step(plan.Step{Op: plan.Dense, In: v, Act: activation.ReLU}, none, none, 1, 1, 33, []int{18, 33}, []int{33})
	v = n.step(plan.Step{Op: plan.Dense, In: v}, none, none, 1, 1, 4, []int{33, 4}, []int{4})
	n.Outputs = []plan.Output{{Name: "logits", Value: v}, {Name: "colour", Value: colour}}
	plan.Place(&n.Plan)
	return &n.Plan
}

func TestEveryOperation(t *testing.T) {
	p := everyOperation()
	x := kerneltest.Fill(7, p.Values[p.Input].Len())
	ref, err := cpu.NewRef().Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ref.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	var first [][]float32
	for threads := 1; threads <= 3; threads++ {
		image, err := NewImage(p, threads)
		if err != nil {
			t.Fatal(err)
		}
		got := start(t, image, true).picture(x)
		for i := range want {
			kerneltest.Equal(t, got[i], want[i], kerneltest.CPU)
		}
		if threads == 1 {
			first = got
			got = start(t, image, false).picture(x) // without cross-origin isolation
		}
		if !slices.EqualFunc(got, first, slices.Equal) {
			t.Errorf("%d threads differ from one", threads)
		}
	}
}

// The shipped model as it ships, its golden logits, on memory that was used
// before; decoded beforehand it takes more memory and gives the same bits.
func TestShippedModel(t *testing.T) {
	b, err := bundle.Open(bundle.Bytes(model.Bundle))
	if err != nil {
		t.Fatal(err)
	}
	x := bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size)
	image, err := NewImage(b.Plan, 2)
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, image, true)
	n.picture(kerneltest.Fill(1, len(x)))
	got := n.picture(x)
	for i, o := range b.Plan.Outputs {
		if want := b.Golden.Logits[o.Name]; want != nil {
			t.Run(o.Name, func(t *testing.T) { kerneltest.Equal(t, got[i], want, kerneltest.CPU) })
		}
	}
	if err := b.Plan.Decode(); err != nil {
		t.Fatal(err)
	}
	wide, err := NewImage(b.Plan, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB, decoded %.1f", float64(image.end)/1e6, float64(wide.end)/1e6)
	if image.end > wide.end/2 {
		t.Errorf("%d bytes, decoded %d: weights in 8 bits should take less than half", image.end, wide.end)
	}
	if !slices.EqualFunc(start(t, wide, true).picture(x), got, slices.Equal) {
		t.Error("decoded beforehand, the model gives something else")
	}
}

func TestNewImageRefuses(t *testing.T) {
	p := everyOperation()
	p.Steps[1].Op = "softmax"
	if _, err := NewImage(p, 1); !errors.Is(err, plan.ErrInvalid) {
		t.Errorf("an unknown operation: %v, want plan.ErrInvalid", err)
	}
	n := &network{}
	n.Values = []plan.Value{{H: 8, W: 8, C: 3}}
	v := n.step(plan.Step{Op: plan.Norm, In: 0}, none, none, 8, 8, 3, []int{3}, []int{3})
	v = n.step(plan.Step{Op: plan.Stem, In: v}, none, none, 4, 4, 5, []int{3, 3, 3, 5}, []int{5})
	n.Outputs = []plan.Output{{Name: "y", Value: v}}
	plan.Place(&n.Plan)
	if _, err := NewImage(&n.Plan, 1); !errors.Is(err, device.ErrUnavailable) {
		t.Errorf("a stem that does not read the picture: %v, want device.ErrUnavailable", err)
	}
}

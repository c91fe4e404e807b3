package webgpu

import (
	"strings"
	"testing"

	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
)

var onePicture = wgsl.Target{Pictures: 1}

func TestDispatches(t *testing.T) {
	p := everyOperation()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	list, scratchLen, err := dispatches(p, onePicture)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(p.Steps) + 1; len(list) != want { // a squeeze of many pixels is two kernels
		t.Errorf("%d dispatches, want %d", len(list), want)
	}
	if scratchLen != 36 {
		t.Errorf("%d float32 of scratch, want 36: the first squeeze averages 104 pixels of 12 channels in three chunks", scratchLen)
	}
	for _, d := range list {
		if len(d.bindings) != len(d.kernel.Bindings) || len(d.bindings) > 8 {
			t.Errorf("%s: %d bindings for %v", d.kernel.Name, len(d.bindings), d.kernel.Bindings)
		}
		if strings.Count(d.kernel.Source, "var<storage, read_write>") != 1 {
			t.Errorf("%s does not write exactly one buffer:\n%s", d.kernel.Name, d.kernel.Source)
		}
		last := len(d.bindings) - 1
		for i, m := range d.bindings {
			if m.index < 0 || i < last && m == d.bindings[last] {
				t.Errorf("%s: binding %d (%s) is %+v: absent, or read and written", d.kernel.Name, i, d.kernel.Bindings[i], m)
			}
		}
	}
	// The gated 1x1 convolution of the first block reads the gate's buffer.
	gated := list[4]
	want := []memory{
		{slot, p.Values[p.Steps[3].In].Buffer}, {weight, p.Steps[3].W}, {weight, p.Steps[3].B},
		{slot, p.Values[p.Steps[3].Gate].Buffer}, {slot, p.Values[p.Steps[3].Out].Buffer},
	}
	for i, m := range want {
		if gated.bindings[i] != m {
			t.Errorf("%s: binding %d (%s) is %+v, want %+v", gated.kernel.Name, i, gated.kernel.Bindings[i], gated.bindings[i], m)
		}
	}
}

func TestDispatchesOfEqualShapeShareTheirSource(t *testing.T) {
	n := &network{}
	n.Input = n.value(4, 4, 3)
	v := n.Input
	for range 2 {
		v = n.step(plan.Step{Op: plan.Pointwise, In: v}, plan.None, plan.None, 4, 4, 3, []int{3, 3}, []int{3})
	}
	n.Outputs = []plan.Output{{Name: "logits", Value: v}}
	plan.Place(&n.Plan)
	list, _, err := dispatches(&n.Plan, onePicture)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].kernel.Source != list[1].kernel.Source {
		t.Error("two layers of one shape have different sources")
	}
}

func TestDispatchesRefusesALargeGrid(t *testing.T) {
	n := &network{}
	n.Input = n.value(wgsl.MaxGroups*3, 1, 3)
	v := n.step(plan.Step{Op: plan.Stem, In: n.Input}, plan.None, plan.None, (wgsl.MaxGroups*3-1)/2+1, 1, 4, []int{3, 3, 3, 4}, []int{4})
	n.Outputs = []plan.Output{{Name: "logits", Value: v}}
	plan.Place(&n.Plan)
	if _, _, err := dispatches(&n.Plan, onePicture); err == nil || !strings.Contains(err.Error(), "stem0") {
		t.Errorf("error %v, want one that names step stem0", err)
	}
}

package webgpu

import (
	"fmt"
	"math"
	"testing"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// network is a plan that is written step by step.
type network struct{ plan.Plan }

func (n *network) value(h, w, c int) int {
	n.Values = append(n.Values, plan.Value{H: h, W: w, C: c})
	return len(n.Values) - 1
}

// step appends s, which has its own In, to make a value of shape [h,w,c]. The
// weights W, B, W2, B2 get the given shapes; gate and residual may be plan.None.
func (n *network) step(s plan.Step, gate, residual, h, w, c int, weights ...[]int) int {
	s.Name = fmt.Sprintf("%s%d", s.Op, len(n.Steps))
	s.Gate, s.Residual, s.W, s.B, s.W2, s.B2 = gate, residual, plan.None, plan.None, plan.None, plan.None
	for i, at := range []*int{&s.W, &s.B, &s.W2, &s.B2}[:len(weights)] {
		shape := weights[i]
		summed := max(1, tensor.Len(shape)/shape[len(shape)-1])
		*at = len(n.Weights)
		n.Weights = append(n.Weights, tensor.Float32{
			Name: fmt.Sprintf("%s.%d", s.Name, i), Shape: shape,
			Data: kerneltest.Scaled(uint32(*at), tensor.Len(shape), float32(math.Sqrt(3/float64(summed)))),
		})
	}
	s.Out = n.value(h, w, c)
	n.Steps = append(n.Steps, s)
	return s.Out
}

// everyOperation has all operations, counts of channels that do not divide by
// four, gates, a residual, buffers used several times and two outputs: logits
// [4] and features [20].
func everyOperation() *plan.Plan {
	const none = plan.None
	n := &network{}
	n.Input = n.value(21, 18, 3)
	v := n.step(plan.Step{Op: plan.Stem, In: n.Input, Act: activation.SiLU}, none, none, 11, 9, 12, []int{3, 3, 3, 12}, []int{12})
	v = n.step(plan.Step{Op: plan.Depthwise, In: v, Kernel: 3, Stride: 1, Act: activation.ReLU}, none, none, 11, 9, 12, []int{3, 3, 12}, []int{12})
	gate := n.step(plan.Step{Op: plan.Squeeze, In: v}, none, none, 1, 1, 12, []int{12, 3}, []int{3}, []int{3, 12}, []int{12})
	v = n.step(plan.Step{Op: plan.Pointwise, In: v}, gate, none, 11, 9, 10, []int{12, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Pointwise, In: v, Act: activation.SiLU}, none, none, 11, 9, 30, []int{10, 30}, []int{30})
	v = n.step(plan.Step{Op: plan.Depthwise, In: v, Kernel: 5, Stride: 2, Act: activation.SiLU}, none, none, 6, 5, 30, []int{5, 5, 30}, []int{30})
	gate = n.step(plan.Step{Op: plan.Squeeze, In: v}, none, none, 1, 1, 30, []int{30, 7}, []int{7}, []int{7, 30}, []int{30})
	project := n.step(plan.Step{Op: plan.Pointwise, In: v}, gate, none, 6, 5, 10, []int{30, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Pointwise, In: project, Act: activation.Sigmoid}, none, project, 6, 5, 10, []int{10, 10}, []int{10})
	v = n.step(plan.Step{Op: plan.Norm, In: v, Act: activation.SiLU}, none, none, 6, 5, 10, []int{10}, []int{10})
	features := n.step(plan.Step{Op: plan.Pool, In: v, Pool: pool.MaxAvg}, none, none, 1, 1, 20)
	v = n.step(plan.Step{Op: plan.Dense, In: features, Act: activation.ReLU}, none, none, 1, 1, 33, []int{20, 33}, []int{33})
	v = n.step(plan.Step{Op: plan.Dense, In: v}, none, none, 1, 1, 4, []int{33, 4}, []int{4})
	n.Outputs = []plan.Output{{Name: "logits", Value: v}, {Name: "features", Value: features}}
	plan.Place(&n.Plan)
	return &n.Plan
}

func prepare(t *testing.T, d device.Device, p *plan.Plan) device.Session {
	t.Helper()
	s, err := d.Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func picture(p *plan.Plan, seed uint32) []float32 {
	return kerneltest.Fill(seed, p.Values[p.Input].Len())
}

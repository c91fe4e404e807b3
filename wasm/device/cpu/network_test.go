package cpu_test

import (
	"fmt"
	"math"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// network builds a plan step by step, with weights from kerneltest.Fill.
type network struct{ plan.Plan }

func newNetwork(h, w int) *network {
	n := &network{}
	n.Input = n.value("picture", h, w, 3)
	return n
}

func (n *network) value(name string, h, w, c int) int {
	n.Values = append(n.Values, plan.Value{Name: name, H: h, W: w, C: c})
	return len(n.Values) - 1
}

// weight keeps a sum over inputs products near the size of its factors.
func (n *network) weight(inputs int, shape ...int) int {
	i := len(n.Weights)
	n.Weights = append(n.Weights, tensor.Float32{
		Name: fmt.Sprintf("w%d", i), Shape: shape,
		Data: kerneltest.Scaled(uint32(i), tensor.Len(shape), float32(math.Sqrt(3/float64(inputs)))),
	})
	return i
}

func (n *network) bias(m int) int { return n.weight(30, m) } // about 0.3

// add completes s and appends it; out is the shape of what it makes.
func (n *network) add(s plan.Step, h, w, c int) int {
	s.Name = fmt.Sprintf("%s%d", s.Op, len(n.Steps))
	s.Out = n.value(s.Name, h, w, c)
	n.Steps = append(n.Steps, s)
	return s.Out
}

func (n *network) stem(x, m int) int {
	v := n.Values[x]
	return n.add(plan.Step{Op: plan.Stem, Act: activation.SiLU, In: x, Gate: plan.None, Residual: plan.None,
		W: n.weight(27, 3, 3, 3, m), B: n.bias(m), W2: plan.None, B2: plan.None}, (v.H-1)/2+1, (v.W-1)/2+1, m)
}

func (n *network) pointwise(x, gate, residual, m int, act activation.Kind) int {
	v := n.Values[x]
	return n.add(plan.Step{Op: plan.Pointwise, Act: act, In: x, Gate: gate, Residual: residual,
		W: n.weight(v.C, v.C, m), B: n.bias(m), W2: plan.None, B2: plan.None}, v.H, v.W, m)
}

func (n *network) depthwise(x, k, stride int) int {
	v := n.Values[x]
	return n.add(plan.Step{Op: plan.Depthwise, Act: activation.SiLU, Kernel: k, Stride: stride, In: x, Gate: plan.None, Residual: plan.None,
		W: n.weight(k*k, k, k, v.C), B: n.bias(v.C), W2: plan.None, B2: plan.None}, (v.H-1)/stride+1, (v.W-1)/stride+1, v.C)
}

func (n *network) squeeze(x, s int) int {
	c := n.Values[x].C
	return n.add(plan.Step{Op: plan.Squeeze, In: x, Gate: plan.None, Residual: plan.None,
		W: n.weight(c, c, s), B: n.bias(s), W2: n.weight(s, s, c), B2: n.bias(c)}, 1, 1, c)
}

func (n *network) pool(x int, kind pool.Kind) int {
	return n.add(plan.Step{Op: plan.Pool, Pool: kind, In: x, Gate: plan.None, Residual: plan.None,
		W: plan.None, B: plan.None, W2: plan.None, B2: plan.None}, 1, 1, kind.Out(n.Values[x].C))
}

func (n *network) dense(x, m int, act activation.Kind) int {
	c := n.Values[x].C
	return n.add(plan.Step{Op: plan.Dense, Act: act, In: x, Gate: plan.None, Residual: plan.None,
		W: n.weight(c, c, m), B: n.bias(m), W2: plan.None, B2: plan.None}, 1, 1, m)
}

func (n *network) norm(x int, act activation.Kind) int {
	v := n.Values[x]
	return n.add(plan.Step{Op: plan.Norm, Act: act, In: x, Gate: plan.None, Residual: plan.None,
		W: n.weight(1, v.C), B: n.bias(v.C), W2: plan.None, B2: plan.None}, v.H, v.W, v.C)
}

// block is an inverted residual: expansion (1: none), depthwise, gate, projection.
func (n *network) block(x, k, stride, expand, m int) int {
	in := n.Values[x].C
	residual := plan.None
	if stride == 1 && in == m {
		residual = x
	}
	y := x
	if expand > 1 {
		y = n.pointwise(x, plan.None, plan.None, in*expand, activation.SiLU)
	}
	y = n.depthwise(y, k, stride)
	return n.pointwise(y, n.squeeze(y, max(1, in/4)), residual, m, activation.None)
}

func (n *network) finish(outputs ...int) *plan.Plan {
	for _, v := range outputs {
		n.Outputs = append(n.Outputs, plan.Output{Name: n.Values[v].Name, Value: v})
	}
	plan.Place(&n.Plan)
	return &n.Plan
}

// small has every operation, on odd sizes and channel counts.
func small() *plan.Plan {
	n := newNetwork(21, 27)
	x := n.stem(n.Input, 10)
	x = n.block(x, 3, 1, 1, 17)
	x = n.block(x, 5, 2, 3, 17)
	x = n.block(x, 5, 1, 6, 17)
	x = n.norm(x, activation.SiLU)
	x = n.pointwise(x, plan.None, plan.None, 58, activation.SiLU)
	f := n.norm(n.pool(x, pool.MaxAvg), activation.None)
	return n.finish(n.dense(n.dense(f, 33, activation.ReLU), 4, activation.None), n.dense(n.pool(x, pool.Avg), 19, activation.None))
}

// b3 is EfficientNet-B3's body with a head of 3072-512-4.
func b3(size int) *plan.Plan {
	n := newNetwork(size, size)
	x := n.stem(n.Input, 40)
	for _, s := range []struct{ repeats, k, stride, expand, m int }{
		{2, 3, 1, 1, 24}, {3, 3, 2, 6, 32}, {3, 5, 2, 6, 48}, {5, 3, 2, 6, 96}, {5, 5, 1, 6, 136}, {6, 5, 2, 6, 232}, {2, 3, 1, 6, 384},
	} {
		for i := range s.repeats {
			stride := 1
			if i == 0 {
				stride = s.stride
			}
			x = n.block(x, s.k, stride, s.expand, s.m)
		}
	}
	x = n.pointwise(x, plan.None, plan.None, 1536, activation.SiLU)
	f := n.norm(n.pool(x, pool.MaxAvg), activation.None)
	return n.finish(n.dense(n.dense(f, 512, activation.ReLU), 4, activation.None))
}

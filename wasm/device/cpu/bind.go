package cpu

import (
	"errors"

	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

var errOp = errors.New("no kernel for this operation")

// operands finds a step's values in the buffers of a run, and its weights. The
// plan is valid, so every index that the operation needs is too.
type operands struct {
	plan *plan.Plan
	step plan.Step
	in   plan.Value
	out  plan.Value
}

func operandsOf(p *plan.Plan, s plan.Step) operands {
	return operands{plan: p, step: s, in: p.Values[s.In], out: p.Values[s.Out]}
}

// value is nil where v is plan.None.
func (o operands) value(m memory, v int) []float32 {
	if v == plan.None {
		return nil
	}
	return m[o.plan.Values[v].Buffer][:o.plan.Values[v].Len()]
}

func (o operands) x(m memory) []float32 { return o.value(m, o.step.In) }
func (o operands) y(m memory) []float32 { return o.value(m, o.step.Out) }

// weights are those of a step; nil where it has none.
type weights struct{ w, b, w2, b2 []float32 }

func (o operands) weights() (all weights, err error) {
	for _, weight := range []struct {
		index int
		into  *[]float32
	}{{o.step.W, &all.w}, {o.step.B, &all.b}, {o.step.W2, &all.w2}, {o.step.B2, &all.b2}} {
		if weight.index == plan.None {
			continue
		}
		if *weight.into, err = o.plan.Weight(weight.index, nil); err != nil {
			return weights{}, err
		}
	}
	return all, nil
}

func (o operands) stem() stem.Shape { return stem.Shape{H: o.in.H, W: o.in.W, M: o.out.C} }
func (o operands) pointwise() pointwise.Shape {
	return pointwise.Shape{Rows: o.in.H * o.in.W, C: o.in.C, M: o.out.C}
}
func (o operands) depthwise() depthwise.Shape {
	return depthwise.Shape{H: o.in.H, W: o.in.W, C: o.in.C, K: o.step.Kernel, Stride: o.step.Stride}
}
func (o operands) squeeze() squeeze.Shape {
	return squeeze.Shape{Pixels: o.in.H * o.in.W, C: o.in.C, S: tensor.Len(o.plan.Weights[o.step.B].Shape)}
}
func (o operands) pool() pool.Shape {
	return pool.Shape{Pixels: o.in.H * o.in.W, C: o.in.C, Kind: o.step.Pool}
}
func (o operands) dense() dense.Shape { return dense.Shape{C: o.in.C, M: o.out.C} }
func (o operands) norm() norm.Shape   { return norm.Shape{Rows: o.in.H * o.in.W, C: o.in.C} }

// bind chooses the kernel of one step and packs its weights.
func (d processor) bind(p *plan.Plan, s plan.Step) (kernel, error) {
	o, threads := operandsOf(p, s), d.threads
	all, err := o.weights()
	if err != nil {
		return nil, err
	}
	w, b, w2, b2 := all.w, all.b, all.w2, all.b2
	switch s.Op {
	case plan.Stem:
		shape := o.stem()
		return func(m memory) { stem.Run(o.y(m), o.x(m), w, b, shape, s.Act, threads) }, nil
	case plan.Pointwise:
		shape := o.pointwise()
		packed := pointwise.Pack(w, b, shape.C, shape.M)
		return func(m memory) {
			packed.Run(o.y(m), o.x(m), o.value(m, s.Gate), o.value(m, s.Residual), shape.Rows, s.Act, threads)
		}, nil
	case plan.Depthwise:
		shape := o.depthwise()
		return func(m memory) { depthwise.Run(o.y(m), o.x(m), w, b, shape, s.Act, threads) }, nil
	case plan.Squeeze:
		shape := o.squeeze()
		return func(m memory) { squeeze.Run(o.y(m), o.x(m), w, b, w2, b2, shape, threads) }, nil
	case plan.Pool:
		shape := o.pool()
		return func(m memory) { pool.Run(o.y(m), o.x(m), shape, threads) }, nil
	case plan.Dense:
		shape := o.dense()
		return func(m memory) { dense.Run(o.y(m), o.x(m), w, b, shape, s.Act, threads) }, nil
	case plan.Norm:
		shape := o.norm()
		return func(m memory) { norm.Run(o.y(m), o.x(m), w, b, shape, s.Act, threads) }, nil
	}
	return nil, errOp
}

// bindRef chooses the reference of one step.
func bindRef(p *plan.Plan, s plan.Step) (kernel, error) {
	o := operandsOf(p, s)
	all, err := o.weights()
	if err != nil {
		return nil, err
	}
	w, b, w2, b2 := all.w, all.b, all.w2, all.b2
	switch s.Op {
	case plan.Stem:
		return func(m memory) { stem.Ref(o.y(m), o.x(m), w, b, o.stem(), s.Act) }, nil
	case plan.Pointwise:
		return func(m memory) {
			pointwise.Ref(o.y(m), o.x(m), w, b, o.value(m, s.Gate), o.value(m, s.Residual), o.pointwise(), s.Act)
		}, nil
	case plan.Depthwise:
		return func(m memory) { depthwise.Ref(o.y(m), o.x(m), w, b, o.depthwise(), s.Act) }, nil
	case plan.Squeeze:
		return func(m memory) { squeeze.Ref(o.y(m), o.x(m), w, b, w2, b2, o.squeeze()) }, nil
	case plan.Pool:
		return func(m memory) { pool.Ref(o.y(m), o.x(m), o.pool()) }, nil
	case plan.Dense:
		return func(m memory) { dense.Ref(o.y(m), o.x(m), w, b, o.dense(), s.Act) }, nil
	case plan.Norm:
		return func(m memory) { norm.Ref(o.y(m), o.x(m), w, b, o.norm(), s.Act) }, nil
	}
	return nil, errOp
}

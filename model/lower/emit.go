package lower

import (
	"slices"

	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// emit writes what the passes left as steps, and weights in the plan's layouts.
func emit(p *program) (*plan.Plan, error) {
	e := &emitter{p: p, made: &plan.Plan{}, values: map[string]int{}}
	e.made.Input = e.value(p.input)
	for _, o := range p.ops {
		if err := e.step(o); err != nil {
			return nil, err
		}
	}
	for _, o := range p.outputs {
		if o.value == p.input {
			return nil, nodeErrorf(-1, "graph", "output %s is the input itself", o.name)
		}
		e.made.Outputs = append(e.made.Outputs, plan.Output{Name: o.name, Value: e.values[o.value]})
	}
	return e.made, nil
}

type emitter struct {
	p      *program
	made   *plan.Plan
	values map[string]int
}

// value is the index of a value in the plan; None for "".
func (e *emitter) value(name string) int {
	if name == "" {
		return plan.None
	}
	if i, ok := e.values[name]; ok {
		return i
	}
	shape := e.p.shape[name]
	e.values[name] = len(e.made.Values)
	e.made.Values = append(e.made.Values, plan.Value{Name: name, H: shape[0], W: shape[1], C: shape[2]})
	return e.values[name]
}

func (e *emitter) weight(name string, data []float32, shape ...int) int {
	e.made.Weights = append(e.made.Weights, tensor.Float32{Name: name, Shape: shape, Data: data})
	return len(e.made.Weights) - 1
}

// bias adds b, or zeros where the layer has none.
func (e *emitter) bias(name string, b []float32, n int) int {
	if b == nil {
		b = make([]float32, n)
	}
	return e.weight(name, b, n)
}

func (e *emitter) step(o *op) error {
	s := plan.Step{
		Name: o.name, Act: o.act, In: e.value(o.in[0]), Gate: e.value(o.gate), Residual: e.value(o.residual),
		W: plan.None, B: plan.None, W2: plan.None, B2: plan.None,
	}
	w, b := o.name+".weight", o.name+".bias"
	switch o.kind {
	case conv:
		switch {
		case o.pointwise():
			s.Op = plan.Pointwise
			s.W = e.weight(w, transposed(o.w, o.outC, o.inC), o.inC, o.outC)
		case o.groups == o.inC && o.groups == o.outC && (o.kernel == 3 || o.kernel == 5):
			s.Op, s.Kernel, s.Stride = plan.Depthwise, o.kernel, o.stride
			s.W = e.weight(w, transposed(o.w, o.outC, o.kernel*o.kernel), o.kernel, o.kernel, o.outC)
		case o.kernel == 3 && o.stride == 2 && o.groups == 1 && o.inC == 3:
			s.Op, s.Kernel, s.Stride = plan.Stem, 3, 2
			s.W = e.weight(w, stemLayout(o.w, o.outC), 3, 3, 3, o.outC)
		default:
			return o.errorf("%s: %dx%d convolution of %d to %d channels in %d groups, stride %d: want 1x1, depthwise 3x3 or 5x5, or 3x3 stride 2 of a picture",
				o.name, o.kernel, o.kernel, o.inC, o.outC, o.groups, o.stride)
		}
		s.B = e.bias(b, o.b, o.outC)
	case dense:
		s.Op = plan.Dense
		s.W = e.weight(w, transposed(o.w, o.outC, o.inC), o.inC, o.outC)
		s.B = e.bias(b, o.b, o.outC)
	case squeeze:
		s.Op = plan.Squeeze
		s.W = e.weight(o.name+".conv_reduce.weight", transposed(o.w, o.squeezed, o.inC), o.inC, o.squeezed)
		s.B = e.bias(o.name+".conv_reduce.bias", o.b, o.squeezed)
		s.W2 = e.weight(o.name+".conv_expand.weight", transposed(o.w2, o.inC, o.squeezed), o.squeezed, o.inC)
		s.B2 = e.bias(o.name+".conv_expand.bias", o.b2, o.inC)
	case norm:
		s.Op = plan.Norm
		s.W, s.B = e.weight(w, o.scale, len(o.scale)), e.weight(b, o.shift, len(o.shift))
	case act:
		// An activation that nothing before it could apply: a norm that changes nothing.
		c := e.p.shape[o.in[0]][2]
		s.Op = plan.Norm
		s.W, s.B = e.weight(w, slices.Repeat([]float32{1}, c), c), e.bias(b, nil, c)
	case avgPool:
		s.Op, s.Pool = plan.Pool, pool.Avg
		if o.pool != "" {
			s.Pool = o.pool
		}
	case mul:
		return o.errorf("product %s is neither x*sigmoid(x) nor a squeeze-and-excitation gate of a 1x1 convolution", o.out)
	case add:
		return o.errorf("sum %s: no operand comes from a 1x1 convolution that only this sum reads", o.out)
	case maxPool:
		return o.errorf("maximum %s is not joined with the average of the same map after it", o.out)
	default:
		return o.errorf("%s: only a maximum and an average of one map can be joined, in this order", o.out)
	}
	s.Out = e.value(o.out)
	e.made.Steps = append(e.made.Steps, s)
	return nil
}

// transposed is w [rows, columns] as [columns, rows].
func transposed(w []float32, rows, columns int) []float32 {
	t := make([]float32, len(w))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = w[r*columns+c]
		}
	}
	return t
}

// stemLayout is w [M,3,3,3] (out, in, ky, kx) as [3,3,3,M] (ky, kx, in, out).
func stemLayout(w []float32, m int) []float32 {
	t := make([]float32, len(w))
	for o := range m {
		for i := range 3 {
			for k := range 9 {
				t[(k*3+i)*m+o] = w[(o*3+i)*9+k]
			}
		}
	}
	return t
}

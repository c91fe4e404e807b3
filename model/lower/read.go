package lower

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"blastlens/model/graph"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/tensor"
)

// reader follows the graph's nodes, checks them and works out shapes.
type reader struct {
	g     *graph.Graph
	p     *program
	alias map[string]string // of Identity, Dropout and Flatten: output -> input
}

func read(g *graph.Graph, size int) (*program, error) {
	if g == nil || len(g.Inputs) != 1 {
		return nil, errors.New("lower: want a graph with one input")
	}
	in := g.Inputs[0]
	if size == 0 {
		if len(in.Shape) != 4 || in.Shape[2] != in.Shape[3] {
			return nil, fmt.Errorf("lower: input %s has shape %v, want [1 3 S S]", in.Name, in.Shape)
		}
		size = in.Shape[2]
	}
	if size < 1 || size > 1<<12 {
		return nil, fmt.Errorf("lower: input size is %d, want 1 to %d", size, 1<<12)
	}
	if len(in.Shape) == 4 && (in.Shape[0] != 1 || in.Shape[1] != 3) {
		return nil, fmt.Errorf("lower: input %s has shape %v, want one picture of 3 channels", in.Name, in.Shape)
	}
	r := &reader{g: g, alias: map[string]string{}, p: &program{
		input: in.Name,
		shape: map[string][3]int{in.Name: {size, size, 3}},
	}}
	for i, n := range g.Nodes {
		if err := r.node(i, n); err != nil {
			return nil, err
		}
	}
	for _, o := range g.Outputs {
		value := r.resolve(o.Name)
		if _, ok := r.p.shape[value]; !ok {
			return nil, fmt.Errorf("lower: output %s: no node makes it", o.Name)
		}
		r.p.outputs = append(r.p.outputs, output{o.Name, value})
	}
	if len(r.p.outputs) == 0 {
		return nil, errors.New("lower: the graph has no outputs")
	}
	return r.p, nil
}

func (r *reader) resolve(value string) string {
	if to, ok := r.alias[value]; ok {
		return to
	}
	return value
}

func (r *reader) node(i int, n graph.Node) error {
	fail := func(format string, args ...any) error { return nodeErrorf(i, n.Op, format, args...) }
	if len(n.Outputs) == 0 || n.Outputs[0] == "" {
		return fail("has no output")
	}
	out := n.Outputs[0]
	if _, ok := r.p.shape[out]; ok || r.alias[out] != "" {
		return fail("value %s is made twice", out)
	}
	o := &op{node: i, onnx: n.Op, out: out, name: out}

	// Activations come first among a node's inputs, weights after them.
	activations, ok := map[string]int{
		"Conv": 1, "BatchNormalization": 1, "Gemm": 1, "Sigmoid": 1, "Relu": 1, "Mul": 2, "Add": 2, "Concat": 2,
		"GlobalAveragePool": 1, "GlobalMaxPool": 1, "ReduceMean": 1, "Flatten": 1, "Identity": 1, "Dropout": 1,
	}[n.Op]
	if !ok {
		return fail("no such operator here (output %s)", out)
	}
	if len(n.Inputs) < activations {
		return fail("has %d inputs, want at least %d", len(n.Inputs), activations)
	}
	var shapes [][3]int
	for _, name := range n.Inputs[:activations] {
		value := r.resolve(name)
		shape, ok := r.p.shape[value]
		if !ok {
			return fail("input %s: no earlier node makes it", name)
		}
		o.in, shapes = append(o.in, value), append(shapes, shape)
	}
	in, result := shapes[0], shapes[0]

	var err error
	switch n.Op {
	case "Conv":
		result, err = r.conv(o, n, in)
	case "BatchNormalization":
		err = r.norm(o, n, in)
	case "Gemm":
		result, err = r.dense(o, n, in)
	case "Sigmoid":
		o.kind, o.act = act, activation.Sigmoid
	case "Relu":
		o.kind, o.act = act, activation.ReLU
	case "Mul":
		// The larger operand first.
		if o.kind = mul; tensor.Len(shapes[1][:]) > tensor.Len(in[:]) {
			slices.Reverse(o.in)
			slices.Reverse(shapes)
		}
		result = shapes[0]
		if shapes[1] != result && shapes[1] != [3]int{1, 1, result[2]} {
			return fail("inputs have shapes %v and %v, want one shape, or [1 1 C] for one (H, W, C)", shapes[0], shapes[1])
		}
	case "Add":
		if o.kind = add; shapes[0] != shapes[1] {
			return fail("inputs have shapes %v and %v, want one shape (H, W, C)", shapes[0], shapes[1])
		}
	case "Concat":
		o.kind = concat
		if axis := ints(n, "axis", 1); len(n.Inputs) != 2 || axis[0] != 1 || shapes[0][0] != shapes[1][0] || shapes[0][1] != shapes[1][1] {
			return fail("joins %d values of shapes %v along axis %d, want two of one H, W along axis 1", len(n.Inputs), shapes, axis[0])
		}
		result[2] += shapes[1][2]
	case "ReduceMean":
		if axes := ints(n, "axes"); !slices.Equal(axes, []int64{2, 3}) && !slices.Equal(axes, []int64{-2, -1}) {
			return fail("axes are %v, want rows and columns, [2 3]", axes)
		}
		o.kind, result = avgPool, [3]int{1, 1, in[2]}
	case "GlobalAveragePool":
		o.kind, result = avgPool, [3]int{1, 1, in[2]}
	case "GlobalMaxPool":
		o.kind, result = maxPool, [3]int{1, 1, in[2]}
	case "Flatten":
		if axis := ints(n, "axis", 1); axis[0] != 1 || in[0] != 1 || in[1] != 1 {
			return fail("flattens shape %v (H, W, C) at axis %d, want a pooled value at axis 1", in, axis[0])
		}
		fallthrough
	case "Identity", "Dropout":
		r.alias[out] = o.in[0]
		return nil
	}
	if err != nil {
		return err
	}
	r.p.shape[out] = result
	r.p.ops = append(r.p.ops, o)
	return nil
}

// ints is an attribute or, where absent, what ONNX says it then is.
func ints(n graph.Node, name string, absent ...int64) []int64 {
	if v := n.Ints[name]; len(v) > 0 {
		return v
	}
	return absent
}

// weight is input i of node n as an initialiser of the given shape (-1 is any);
// nil without error where an optional input is absent.
func (r *reader) weight(o *op, n graph.Node, i int, optional bool, shape ...int) ([]float32, []int, error) {
	if i >= len(n.Inputs) || n.Inputs[i] == "" {
		if optional {
			return nil, nil, nil
		}
		return nil, nil, o.errorf("input %d is absent", i)
	}
	name := n.Inputs[i]
	t, ok := r.g.Init[name]
	if !ok {
		return nil, nil, o.errorf("input %d (%s) is no initialiser", i, name)
	}
	fits := len(t.Shape) == len(shape) && t.Check() == nil
	for d := 0; fits && d < len(shape); d++ {
		fits = t.Shape[d] > 0 && (shape[d] < 0 || t.Shape[d] == shape[d])
	}
	if !fits {
		return nil, nil, o.errorf("input %d (%s) has shape %v and %d values, want %v (-1 is any)", i, name, t.Shape, len(t.Data), shape)
	}
	for _, v := range t.Data {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, nil, o.errorf("input %d (%s) has a value that is %v", i, name, v)
		}
	}
	return t.Data, t.Shape, nil
}

func (r *reader) conv(o *op, n graph.Node, in [3]int) (out [3]int, err error) {
	w, shape, err := r.weight(o, n, 1, false, -1, -1, -1, -1)
	if err != nil {
		return out, err
	}
	o.kind, o.w, o.name = conv, w, layer(n.Inputs[1])
	o.outC, o.kernel, o.inC = shape[0], shape[2], in[2]
	o.groups = int(ints(n, "group", 1)[0])
	if o.groups < 1 || shape[1]*o.groups != in[2] || shape[0]%o.groups != 0 || shape[2] != shape[3] {
		return out, o.errorf("input 1 (%s) has shape %v, want 4-D OIHW, square, with I = %d/%d (channels/group)", n.Inputs[1], shape, in[2], o.groups)
	}
	if o.b, _, err = r.weight(o, n, 2, true, o.outC); err != nil {
		return out, err
	}
	k := int64(o.kernel)
	strides := ints(n, "strides", 1, 1)
	for _, a := range []struct {
		name      string
		got, want []int64
	}{
		{"kernel_shape", ints(n, "kernel_shape", k, k), []int64{k, k}},
		{"dilations", ints(n, "dilations", 1, 1), []int64{1, 1}},
		{"strides", strides, []int64{strides[0], strides[0]}},
		// Symmetric padding that keeps the size at stride 1.
		{"pads", ints(n, "pads", 0, 0, 0, 0), []int64{k / 2, k / 2, k / 2, k / 2}},
	} {
		if !slices.Equal(a.got, a.want) {
			return out, o.errorf("%s are %v, want %v (%s)", a.name, a.got, a.want, n.Inputs[1])
		}
	}
	if o.stride = int(strides[0]); o.kernel%2 == 0 || o.stride != 1 && o.stride != 2 {
		return out, o.errorf("kernel is %d and stride %d, want an odd kernel and stride 1 or 2 (%s)", o.kernel, o.stride, n.Inputs[1])
	}
	return [3]int{(in[0]-1)/o.stride + 1, (in[1]-1)/o.stride + 1, o.outC}, nil
}

// norm reduces a batch-norm to scale and shift, in float64.
func (r *reader) norm(o *op, n graph.Node, in [3]int) error {
	var parts [4][]float32 // gamma, beta, mean, variance
	for i := range parts {
		data, _, err := r.weight(o, n, i+1, false, in[2])
		if err != nil {
			return err
		}
		parts[i] = data
	}
	epsilon, ok := n.Floats["epsilon"]
	if !ok {
		epsilon = 1e-5
	}
	o.kind, o.name = norm, layer(n.Inputs[1])
	o.scale, o.shift = make([]float32, in[2]), make([]float32, in[2])
	for c := range in[2] {
		variance := float64(parts[3][c]) + float64(epsilon)
		if !(variance > 0) {
			return o.errorf("input 4 (%s): channel %d has variance %v, want more than 0", n.Inputs[4], c, parts[3][c])
		}
		scale := float64(parts[0][c]) / math.Sqrt(variance)
		o.scale[c] = float32(scale)
		o.shift[c] = float32(float64(parts[1][c]) - scale*float64(parts[2][c]))
	}
	return nil
}

func (r *reader) dense(o *op, n graph.Node, in [3]int) (out [3]int, err error) {
	if in[0] != 1 || in[1] != 1 {
		return out, o.errorf("input has shape %v (H, W, C), want a pooled value", in)
	}
	for name, want := range map[string]float32{"alpha": 1, "beta": 1} {
		if got, ok := n.Floats[name]; ok && got != want {
			return out, o.errorf("%s is %v, want %v", name, got, want)
		}
	}
	if transA, transB := ints(n, "transA", 0)[0], ints(n, "transB", 0)[0]; transA != 0 || transB != 1 {
		return out, o.errorf("transA is %d and transB %d, want 0 and 1: weights [out, in]", transA, transB)
	}
	w, shape, err := r.weight(o, n, 1, false, -1, in[2])
	if err != nil {
		return out, err
	}
	o.kind, o.w, o.name = dense, w, layer(n.Inputs[1])
	o.inC, o.outC = in[2], shape[0]
	if o.b, _, err = r.weight(o, n, 2, true, o.outC); err != nil {
		return out, err
	}
	return [3]int{1, 1, o.outC}, nil
}

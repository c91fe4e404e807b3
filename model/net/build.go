package net

import (
	"errors"
	"fmt"
	"slices"

	"blastlens/model/graph"
	"blastlens/wasm/tensor"
)

// Output asks Build for one output of the graph.
type Output struct {
	Name    string // the graph output's, e.g. "logits", "smear"
	Head    Head   // Fastai, Plain, or Pooled for the features themselves
	Classes int    // 0 for Pooled
	// Prefix stands before the names of the head's tensors, e.g. "drawn." for
	// "drawn.classifier.weight"; "" for the head that is alone or first on its body.
	Prefix string
	// Mark, if set, asks for a map of the body instead of a head: after one of
	// Marks, or what the convolution of that name (timm's, such as
	// blocks.2.0.conv_dw) hands to its batch-norm.
	Mark string
}

// Marks are the parts of the body whose maps Build can return, in order.
var Marks = []string{"stem", "stage0", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "head"}

// Build writes the network for one picture [1,3,size,size] ("input") as an ONNX
// graph, batch-norm not folded. All outputs share the body. The graph's
// initialisers share their data with p.
func Build(p Params, size int, outputs ...Output) (*graph.Graph, error) {
	if size < 32 {
		return nil, fmt.Errorf("net: input size is %d, want at least 32", size)
	}
	if len(outputs) == 0 {
		return nil, errors.New("net: no outputs asked for")
	}
	b := &builder{params: p, side: size, maps: map[string]featureMap{}, g: &graph.Graph{
		Name:   Architecture,
		Inputs: []graph.Port{{Name: "input", Shape: []int{1, 3, size, size}}},
		Init:   map[string]tensor.Float32{},
	}}
	x := b.conv(Stem, "input")
	b.mark("stem", x, stemOut)
	for _, block := range Blocks() {
		x = b.block(block, x)
		b.mark(fmt.Sprintf("stage%d", block.Stage), x, block.Out)
	}
	x = b.conv(HeadConv, x)
	b.mark("head", x, features)

	for _, o := range outputs {
		if o.Mark != "" {
			m, ok := b.maps[o.Mark]
			if !ok {
				return nil, fmt.Errorf("net: no mark %q, want one of %v or a convolution's name", o.Mark, Marks)
			}
			b.node("Identity", o.Name, nil, m.value)
			b.g.Outputs = append(b.g.Outputs, graph.Port{Name: o.Name, Shape: []int{1, m.channels, m.side, m.side}})
			continue
		}
		if o.Head != Pooled && o.Classes < 1 {
			return nil, fmt.Errorf("net: output %s: %d classes, want at least 1", o.Name, o.Classes)
		}
		length := o.Classes
		switch o.Head {
		case Fastai:
			b.fastai(o, x)
		case Plain:
			pooled := b.node("GlobalAveragePool", o.Prefix+"pool", nil, x)
			b.linear(o.Prefix+"classifier", o.Name, features, o.Classes, true, b.flatten(pooled, o.Prefix+"pooled"))
		case Pooled:
			length = Features
			b.node("Identity", o.Name, nil, b.concatPool(x))
		default:
			return nil, fmt.Errorf("net: output %s: no head %q", o.Name, o.Head)
		}
		b.g.Outputs = append(b.g.Outputs, graph.Port{Name: o.Name, Shape: []int{1, length}})
	}
	return b.g, errors.Join(b.errs...)
}

// builder collects nodes; each method returns the name of the value it made.
type builder struct {
	g      *graph.Graph
	params Params
	side   int                   // pixels a side of the newest map
	maps   map[string]featureMap // by mark
	pooled string                // concatPool's value, once made
	errs   []error
}

// featureMap is a value [1,channels,side,side].
type featureMap struct {
	value          string
	channels, side int
}

func (b *builder) mark(name, value string, channels int) {
	b.maps[name] = featureMap{value, channels, b.side}
}

func (b *builder) node(op, out string, ints map[string][]int64, inputs ...string) string {
	b.g.Nodes = append(b.g.Nodes, graph.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}, Ints: ints})
	return out
}

// init adds the parameter of that name to the graph.
func (b *builder) init(name string, shape ...int) string {
	t, ok := b.params[name]
	switch {
	case !ok:
		b.errs = append(b.errs, fmt.Errorf("net: tensor %s is missing", name))
	case !slices.Equal(t.Shape, shape) || len(t.Data) != tensor.Len(shape):
		b.errs = append(b.errs, fmt.Errorf("net: tensor %s has shape %v and %d values, want %v", name, t.Shape, len(t.Data), shape))
	}
	b.g.Init[name] = t
	return name
}

// conv adds a convolution, its batch-norm and, if the table says so, SiLU.
func (b *builder) conv(c Conv, x string) string {
	w := b.init(c.Name+".weight", c.Out, c.In/c.Groups, c.Kernel, c.Kernel)
	x = b.node("Conv", c.Name+".out", convInts(c.Kernel, c.Stride, c.Groups), x, w)
	b.side = (b.side-1)/c.Stride + 1
	b.mark(c.Name, x, c.Out)
	x = b.norm(c.Norm, c.Out, x)
	if c.SiLU {
		x = b.silu(c.Norm, x)
	}
	return x
}

func convInts(kernel, stride, groups int) map[string][]int64 {
	k, s, p := int64(kernel), int64(stride), int64(kernel/2)
	return map[string][]int64{
		"kernel_shape": {k, k}, "strides": {s, s}, "pads": {p, p, p, p}, "dilations": {1, 1}, "group": {int64(groups)},
	}
}

func (b *builder) norm(name string, channels int, x string) string {
	out := b.node("BatchNormalization", name+".out", nil, x,
		b.init(name+".weight", channels), b.init(name+".bias", channels),
		b.init(name+".running_mean", channels), b.init(name+".running_var", channels))
	b.g.Nodes[len(b.g.Nodes)-1].Floats = map[string]float32{"epsilon": Eps}
	return out
}

func (b *builder) silu(name, x string) string {
	return b.node("Mul", name+".silu", nil, x, b.node("Sigmoid", name+".sigmoid", nil, x))
}

func (b *builder) block(block Block, x string) string {
	in := x
	if block.Expands() {
		x = b.conv(block.Expansion(), x)
	}
	x = b.conv(block.Depthwise(), x)

	se, one := block.Name+".se", convInts(1, 1, 1)
	gate := b.node("GlobalAveragePool", se+".mean", nil, x)
	gate = b.node("Conv", se+".conv_reduce.out", one, gate,
		b.init(se+".conv_reduce.weight", block.Squeezed, block.Mid, 1, 1), b.init(se+".conv_reduce.bias", block.Squeezed))
	gate = b.silu(se, gate)
	gate = b.node("Conv", se+".conv_expand.out", one, gate,
		b.init(se+".conv_expand.weight", block.Mid, block.Squeezed, 1, 1), b.init(se+".conv_expand.bias", block.Mid))
	gate = b.node("Sigmoid", se+".gate", nil, gate)
	x = b.node("Mul", se+".out", nil, x, gate)

	x = b.conv(block.Projection(), x)
	if block.Skip() {
		x = b.node("Add", block.Name+".out", nil, x, in)
	}
	return x
}

// concatPool is fastai's AdaptiveConcatPool2d and Flatten, shared by the heads
// that read it: [1,3072], maxima then averages.
func (b *builder) concatPool(x string) string {
	if b.pooled == "" {
		top := b.node("GlobalMaxPool", "concat_pool.max", nil, x)
		mean := b.node("GlobalAveragePool", "concat_pool.avg", nil, x)
		both := b.node("Concat", "concat_pool.out", map[string][]int64{"axis": {1}}, top, mean)
		b.pooled = b.flatten(both, "concat_pool.flat")
	}
	return b.pooled
}

func (b *builder) flatten(x, out string) string {
	return b.node("Flatten", out, map[string][]int64{"axis": {1}}, x)
}

// fastai adds the head without its dropouts, which do nothing at inference.
func (b *builder) fastai(o Output, x string) {
	x = b.concatPool(x)
	x = b.norm(o.Prefix+"head.2", Features, x)
	x = b.linear(o.Prefix+"head.4", o.Prefix+"head.4.out", Features, Hidden, false, x)
	x = b.node("Relu", o.Prefix+"head.5.out", nil, x)
	x = b.norm(o.Prefix+"head.6", Hidden, x)
	b.linear(o.Prefix+"head.8", o.Name, Hidden, o.Classes, false, x)
}

func (b *builder) linear(name, out string, in, width int, bias bool, x string) string {
	inputs := []string{x, b.init(name+".weight", width, in)}
	if bias {
		inputs = append(inputs, b.init(name+".bias", width))
	}
	return b.node("Gemm", out, map[string][]int64{"transB": {1}}, inputs...)
}

package lower

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"blastlens/model/graph"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// sketch is a graph in the making; its input is "x" [1,3,8,8].
type sketch struct{ graph.Graph }

func draw() *sketch {
	return &sketch{graph.Graph{Inputs: []graph.Port{{Name: "x", Shape: []int{1, 3, 8, 8}}}, Init: map[string]tensor.Float32{}}}
}

func (s *sketch) node(op, out string, ints map[string][]int64, inputs ...string) *sketch {
	s.Nodes = append(s.Nodes, graph.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}, Ints: ints})
	return s
}

// init adds an initialiser of values around zero that differ.
func (s *sketch) init(name string, shape ...int) string {
	data := make([]float32, tensor.Len(shape))
	for i := range data {
		data[i] = float32(bundle.Uniform(uint32(len(s.Init)), uint32(i)))
	}
	if strings.HasSuffix(name, "var") {
		for i := range data {
			data[i] += 2
		}
	}
	s.Init[name] = tensor.Float32{Name: name, Shape: shape, Data: data}
	return name
}

func (s *sketch) conv(out, in string, shape ...int) *sketch {
	ints := map[string][]int64{"pads": {int64(shape[2] / 2), int64(shape[2] / 2), int64(shape[2] / 2), int64(shape[2] / 2)}}
	return s.node("Conv", out, ints, in, s.init(out+".weight", shape...))
}

func (s *sketch) norm(out, in string, n int) *sketch {
	return s.node("BatchNormalization", out, nil, in, s.init(out+".weight", n), s.init(out+".bias", n), s.init(out+".mean", n), s.init(out+".var", n))
}

func (s *sketch) returns(names ...string) *graph.Graph {
	for _, n := range names {
		s.Outputs = append(s.Outputs, graph.Port{Name: n})
	}
	return &s.Graph
}

// steps is the plan in short: op, activation, g for a gate, r for a residual.
func steps(p *plan.Plan) string {
	var words []string
	for _, s := range p.Steps {
		w := string(s.Op)
		if s.Act != "" {
			w += ":" + string(s.Act)
		}
		if s.Pool != "" {
			w += ":" + string(s.Pool)
		}
		if s.Gate != plan.None {
			w += " g"
		}
		if s.Residual != plan.None {
			w += " r"
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

// squeezed draws squeeze-and-excitation of `in`, n channels, as exporters write it.
func (s *sketch) squeezed(out, in string, n int, mean string, ints map[string][]int64) *sketch {
	s.node(mean, out+".mean", ints, in)
	s.conv(out+".conv_reduce", out+".mean", 2, n, 1, 1)
	s.node("Sigmoid", out+".s", nil, out+".conv_reduce").node("Mul", out+".silu", nil, out+".s", out+".conv_reduce")
	s.conv(out+".conv_expand", out+".silu", n, 2, 1, 1)
	return s.node("Sigmoid", out+".gate", nil, out+".conv_expand").node("Mul", out, nil, out+".gate", in)
}

// TestPasses pins what each pattern becomes, and that its numbers stay.
func TestPasses(t *testing.T) {
	for _, c := range []struct {
		name string
		g    *graph.Graph
		want string
	}{
		{"norm and SiLU into a convolution",
			draw().conv("a", "x", 4, 3, 1, 1).norm("b", "a", 4).node("Sigmoid", "s", nil, "b").node("Mul", "y", nil, "s", "b").returns("y"),
			"pointwise:silu"},
		{"a norm whose input is an output stays",
			draw().conv("a", "x", 4, 3, 1, 1).norm("y", "a", 4).returns("y", "a"),
			"pointwise, norm"},
		{"a norm of the picture stays, and takes the activation",
			draw().norm("a", "x", 3).node("Relu", "y", nil, "a").returns("y"),
			"norm:relu"},
		{"two norms after one convolution",
			draw().conv("a", "x", 4, 3, 1, 1).norm("b", "a", 4).norm("y", "b", 4).returns("y"),
			"pointwise"},
		{"an activation of two readers' value stays",
			draw().conv("a", "x", 3, 3, 1, 1).node("Relu", "b", nil, "a").conv("y", "a", 3, 3, 1, 1).node("Add", "z", nil, "y", "b").returns("z"),
			"pointwise, norm:relu, pointwise r"},
		{"residual on either side",
			draw().conv("a", "x", 3, 3, 1, 1).node("Add", "y", nil, "x", "a").returns("y"),
			"pointwise r"},
		{"residual of two convolutions goes to the later",
			draw().conv("a", "x", 4, 3, 1, 1).conv("b", "x", 4, 3, 1, 1).node("Add", "y", nil, "a", "b").returns("y"),
			"pointwise, pointwise r"},
		{"squeeze with pool",
			draw().squeezed("se", "x", 3, "GlobalAveragePool", nil).conv("y", "se", 5, 3, 1, 1).returns("y"),
			"squeeze, pointwise g"},
		{"squeeze with mean",
			draw().squeezed("se", "x", 3, "ReduceMean", map[string][]int64{"axes": {2, 3}, "keepdims": {1}}).conv("y", "se", 5, 3, 1, 1).returns("y"),
			"squeeze, pointwise g"},
		{"head with norms and ReLU",
			draw().node("GlobalMaxPool", "m", nil, "x").node("GlobalAveragePool", "a", nil, "x").node("Concat", "c", map[string][]int64{"axis": {1}}, "m", "a").
				node("Flatten", "f", nil, "c").norm("n", "f", 6).node("Dropout", "d", nil, "n").
				gemm("l", "d", 4, 6).node("Relu", "r", nil, "l").norm("n2", "r", 4).gemm("y", "n2", 2, 4).returns("y"),
			"pool:max+avg, dense:relu, dense"},
		{"average also returned",
			draw().node("GlobalMaxPool", "m", nil, "x").node("GlobalAveragePool", "a", nil, "x").node("Concat", "c", map[string][]int64{"axis": {1}}, "m", "a").returns("c", "a"),
			"pool:avg, pool:max+avg"},
		{"what nothing reads is dropped",
			draw().conv("a", "x", 4, 3, 1, 1).conv("unread", "a", 4, 4, 1, 1).returns("a"),
			"pointwise"},
		{"a zero block is its residual",
			draw().conv("a", "x", 4, 3, 1, 1).conv("b", "a", 4, 4, 1, 1).zero("b.weight").node("Add", "c", nil, "b", "a").conv("y", "c", 2, 4, 1, 1).returns("y"),
			"pointwise, pointwise"},
	} {
		made, err := Lower(c.g, 0)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := steps(made); got != c.want {
			t.Errorf("%s: became %s, want %s", c.name, got, c.want)
		}
		sameNumbers(t, c.name, c.g)
	}
}

func (s *sketch) gemm(out, in string, m, n int) *sketch {
	return s.node("Gemm", out, map[string][]int64{"transB": {1}}, in, s.init(out+".weight", m, n), s.init(out+".bias", m))
}

func (s *sketch) zero(name string) *sketch {
	clear(s.Init[name].Data)
	return s
}

// sameNumbers computes every output with the passes, and node by node with a
// plain evaluator of ONNX's definitions.
func sameNumbers(t *testing.T, name string, g *graph.Graph) {
	t.Helper()
	made, err := Lower(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cpu.NewRef().Prepare(made)
	if err != nil {
		t.Fatal(err)
	}
	x := bundle.GoldenInput(2, 8)
	got, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range evaluate(g, x) {
		for j := range want {
			if d := math.Abs(float64(got[i][j] - want[j])); !(d <= 1e-5) {
				t.Errorf("%s: output %s, value %d is %g, want %g", name, g.Outputs[i].Name, j, got[i][j], want[j])
				break
			}
		}
	}
}

func TestLowerRefuses(t *testing.T) {
	conv := func(ints map[string][]int64, shape ...int) *graph.Graph {
		s := draw()
		return s.node("Conv", "y", ints, "x", s.init("layer.weight", shape...)).returns("y")
	}
	for _, c := range []struct {
		name string
		g    *graph.Graph
		want string
	}{
		{"unknown operator", draw().node("Relu", "a", nil, "x").node("Einsum", "y", nil, "a").returns("y"), "lower: node 1 (Einsum)"},
		{"missing input", draw().node("Relu", "y", nil, "nowhere").returns("y"), "lower: node 0 (Relu): input nowhere"},
		{"missing weight", draw().node("Conv", "y", nil, "x", "w").returns("y"), "input 1 (w) is no initialiser"},
		{"absent weight", draw().node("Conv", "y", nil, "x").returns("y"), "input 1 is absent"},
		{"channels", conv(nil, 4, 5, 1, 1), "lower: node 0 (Conv): input 1 (layer.weight) has shape [4 5 1 1], want 4-D OIHW"},
		{"group of zero", conv(map[string][]int64{"group": {0}}, 4, 3, 1, 1), "layer.weight"},
		{"rank", conv(nil, 4, 3), "want [-1 -1 -1 -1]"},
		{"dilation", conv(map[string][]int64{"dilations": {2, 2}}, 4, 3, 1, 1), "dilations are [2 2]"},
		{"padding", conv(map[string][]int64{"pads": {0, 0, 1, 1}, "strides": {2, 2}}, 4, 3, 3, 3), "pads are [0 0 1 1], want [1 1 1 1]"},
		{"stride", conv(map[string][]int64{"strides": {4, 4}}, 4, 3, 1, 1), "stride 4"},
		{"uneven stride", conv(map[string][]int64{"strides": {1, 2}}, 4, 3, 1, 1), "strides are [1 2]"},
		{"3x3 of many channels", draw().conv("a", "x", 8, 3, 1, 1).conv("y", "a", 8, 8, 3, 3).returns("y"), "lower: node 1 (Conv): y: 3x3 convolution of 8 to 8 channels"},
		{"product", draw().conv("a", "x", 3, 3, 1, 1).node("Mul", "y", nil, "a", "x").returns("y"), "lower: node 1 (Mul): product y"},
		{"product of shapes", draw().conv("a", "x", 4, 3, 1, 1).node("Mul", "y", nil, "a", "x").returns("y"), "shapes"},
		{"sum of no convolution", draw().node("Relu", "a", nil, "x").node("Add", "y", nil, "a", "x").returns("y"), "lower: node 1 (Add): sum y"},
		{"sum of shapes", draw().conv("a", "x", 4, 3, 1, 1).node("Add", "y", nil, "a", "x").returns("y"), "shapes"},
		{"average then maximum", draw().node("GlobalMaxPool", "m", nil, "x").node("GlobalAveragePool", "a", nil, "x").node("Concat", "y", nil, "a", "m").returns("y"), "lower: node 0 (GlobalMaxPool): maximum m"},
		{"flatten of a map", draw().node("Flatten", "y", nil, "x").returns("y"), "want a pooled value"},
		{"mean of channels", draw().node("ReduceMean", "y", map[string][]int64{"axes": {1}}, "x").returns("y"), "axes are [1]"},
		{"transposed weights", draw().node("GlobalAveragePool", "a", nil, "x").node("Gemm", "y", nil, "a", "w").returns("y"), "transB 0"},
		{"made twice", draw().node("Relu", "y", nil, "x").node("Relu", "y", nil, "x").returns("y"), "made twice"},
		{"no output", draw().node("Relu", "y", nil, "x").returns("z"), "output z"},
		{"output is the input", draw().node("Relu", "y", nil, "x").returns("x"), "input itself"},
		{"variance", func() *graph.Graph {
			g := draw().norm("y", "x", 3).returns("y")
			g.Init["y.var"].Data[1] = -1
			return g
		}(), "channel 1 has variance -1"},
		{"not a number", func() *graph.Graph {
			g := draw().conv("y", "x", 3, 3, 1, 1).returns("y")
			g.Init["y.weight"].Data[1] = float32(math.NaN())
			return g
		}(), "NaN"},
	} {
		if _, err := Lower(c.g, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Lower(nil, 0); err == nil {
		t.Error("no graph was lowered")
	}
}

// TestIdentityBlock wants B3 without its last block, when that block changes
// nothing, to be four steps shorter and to answer the same.
func TestIdentityBlock(t *testing.T) {
	p := net.InitHash(net.Plain, 4, 2)
	clear(p["blocks.6.1.bn3.weight"].Data)
	clear(p["blocks.6.1.bn3.bias"].Data)
	g, err := net.Build(p, 64, net.Output{Name: "logits", Head: net.Plain, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	made, err := Lower(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := plan.Print(&text, made); err != nil {
		t.Fatal(err)
	}
	if len(made.Steps) != 102 || strings.Contains(text.String(), "blocks.6.1") {
		t.Errorf("%d steps, want 102 without blocks.6.1:\n%s", len(made.Steps), text.String())
	}
	// A block that is left out by hand: the head convolution reads the block's input.
	short := *g
	short.Nodes = nil
	for _, n := range g.Nodes {
		if n.Name == "conv_head.out" {
			n.Inputs = append([]string{"blocks.6.0.bn3.out"}, n.Inputs[1:]...)
		}
		short.Nodes = append(short.Nodes, n)
	}
	want, err := Lower(&short, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(made.Steps); got != fmt.Sprint(want.Steps) {
		t.Error("the plan differs from one of a graph without the block")
	}
}

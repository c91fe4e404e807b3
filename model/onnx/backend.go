package onnx

import (
	"cmp"
	"fmt"
	"slices"

	onnxgo "github.com/owulveryck/onnx-go"
	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gorgonia.org/tensor"

	"blastlens/model/graph"
)

// value is a node of onnx-go's graph, which is a value of ours: a weight, an
// input, or what an operation makes.
type value struct {
	id     int64
	name   string
	data   tensor.Tensor
	inputs []input
	made   bool // an operation makes it
}

type input struct {
	place int
	value *value
}

func (v *value) ID() int64                       { return v.id }
func (v *value) SetName(name string)             { v.name = name }
func (v *value) GetName() string                 { return v.name }
func (v *value) SetTensor(t tensor.Tensor) error { v.data = t; return nil }
func (v *value) GetTensor() tensor.Tensor        { return v.data }

// collector is the backend: onnx-go calls it once for each value, then for each
// node an edge an input and ApplyOperation.
type collector struct {
	*simple.WeightedDirectedGraph // for the look-ups of gonum's interface; we keep edges ourselves
	values                        []*value
	nodes                         []graph.Node
}

var (
	_ onnxgo.Backend     = (*collector)(nil)
	_ onnxgo.Namer       = (*value)(nil)
	_ onnxgo.DataCarrier = (*value)(nil)
)

func newCollector() *collector {
	return &collector{WeightedDirectedGraph: simple.NewWeightedDirectedGraph(0, 0)}
}

func (c *collector) NewNode() gonum.Node { return &value{id: int64(len(c.values))} }

func (c *collector) AddNode(n gonum.Node) { c.values = append(c.values, n.(*value)) }

// SetWeightedEdge notes an input of the value from which the edge comes; its
// weight is the input's place. One value may be read at several places.
func (c *collector) SetWeightedEdge(e gonum.WeightedEdge) {
	from := e.From().(*value)
	from.inputs = append(from.inputs, input{int(e.Weight()), e.To().(*value)})
}

// ApplyOperation notes the node whose inputs were noted before.
func (c *collector) ApplyOperation(op onnxgo.Operation, outputs ...gonum.Node) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("node %d (%s): %s", len(c.nodes), op.Name, fmt.Sprintf(format, args...))
	}
	n := graph.Node{Op: op.Name, Ints: map[string][]int64{}, Floats: map[string]float32{}}
	for i, o := range outputs {
		v := o.(*value)
		if v.made && v.name != "" {
			return fail("value %s is made twice", v.name)
		}
		v.made = true
		n.Outputs = append(n.Outputs, v.name)
		if i == 0 {
			n.Name = v.name
			slices.SortStableFunc(v.inputs, func(a, b input) int { return cmp.Compare(a.place, b.place) })
			for _, in := range v.inputs {
				n.Inputs = append(n.Inputs, in.value.name)
			}
		}
		v.inputs = nil
	}
	for name, a := range op.Attributes {
		switch a := a.(type) {
		case int64:
			n.Ints[name] = []int64{a}
		case []int64:
			n.Ints[name] = a
		case float32:
			n.Floats[name] = a
		case string:
			if name != "auto_pad" || a != "NOTSET" {
				return fail("attribute %s is %q, which is not supported", name, a)
			}
		default:
			return fail("attribute %s of type %T is not supported", name, a)
		}
	}
	c.nodes = append(c.nodes, n)
	return nil
}

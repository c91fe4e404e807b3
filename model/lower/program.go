package lower

import (
	"fmt"
	"slices"
	"strings"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
)

// kind is what an op computes before passes have given it more.
type kind int

const (
	conv    kind = iota // x * w + b
	norm                // x*scale + shift, a channel each
	dense               // x·w + b
	act                 // an activation by itself
	mul                 // product of two values, of one shape or [H,W,C] and [1,1,C]
	add                 // sum of two values
	avgPool             // [H,W,C] -> [1,1,C]
	maxPool             // [H,W,C] -> [1,1,C]
	concat              // along channels
	squeeze             // x -> gate [1,1,C]
)

// op is one operation of a program. Weights keep ONNX's layouts until emit.
type op struct {
	kind kind
	node int    // index in the graph's nodes, for errors
	onnx string // the node's operator, for errors
	name string // the layer, from the name of its weight: blocks.0.0.conv_dw
	in   []string
	out  string

	act activation.Kind // applied last

	// conv: w [out, in/groups, k, k]; dense: w [out, in]; squeeze: w [S, C] and w2 [C, S].
	w, b, w2, b2                      []float32
	inC, outC, kernel, stride, groups int
	gate, residual                    string // of conv, "" where absent
	scale, shift                      []float32
	pool                              pool.Kind
	squeezed                          int
}

// program is a graph being lowered: operations in an order in which they can run.
type program struct {
	ops     []*op
	input   string
	shape   map[string][3]int // of each value: H, W, C
	outputs []output
}

type output struct{ name, value string }

func (p *program) producer(value string) *op {
	for _, o := range p.ops {
		if o.out == value {
			return o
		}
	}
	return nil
}

// reads counts how often o reads the value.
func (o *op) reads(value string) int {
	n := 0
	for _, in := range o.in {
		if in == value {
			n++
		}
	}
	if o.gate == value {
		n++
	}
	if o.residual == value {
		n++
	}
	return n
}

func (p *program) users(value string) []*op {
	var users []*op
	for _, o := range p.ops {
		if o.reads(value) > 0 {
			users = append(users, o)
		}
	}
	return users
}

// soleUser is the one op that reads the value, nil if others or the graph's
// outputs need it too: only then may it disappear into that op.
func (p *program) soleUser(value string) *op {
	if p.returned(value) {
		return nil
	}
	if users := p.users(value); len(users) == 1 && users[0].reads(value) == 1 {
		return users[0]
	}
	return nil
}

func (p *program) returned(value string) bool {
	return slices.ContainsFunc(p.outputs, func(o output) bool { return o.value == value })
}

func (p *program) remove(gone ...*op) {
	p.ops = slices.DeleteFunc(p.ops, func(o *op) bool { return slices.Contains(gone, o) })
}

// errorf names the op as the graph's author knows it.
func (o *op) errorf(format string, args ...any) error {
	return nodeErrorf(o.node, o.onnx, format, args...)
}

func nodeErrorf(node int, onnx, format string, args ...any) error {
	return fmt.Errorf("lower: node %d (%s): %s", node, onnx, fmt.Sprintf(format, args...))
}

// layer is the layer's name, from the name of its first weight.
func layer(weight string) string {
	name, _ := strings.CutSuffix(weight, ".weight")
	return name
}

// pointwise reports a 1x1 convolution over all channels.
func (o *op) pointwise() bool {
	return o.kind == conv && o.kernel == 1 && o.stride == 1 && o.groups == 1
}

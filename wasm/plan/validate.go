package plan

import (
	"errors"
	"fmt"
	"slices"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/tensor"
)

// Limits of what a plan may ask of a device; a file beyond them is malformed
// or hostile. B3 at 1024 pixels stays below them.
const (
	maxSide   = 1 << 14 // H, W, C of a value
	maxFloats = 1 << 27 // float32 of a value, and of all buffers together
	maxItems  = 1 << 14 // values, steps, weights, outputs
)

// ErrInvalid is wrapped by each error of Validate.
var ErrInvalid = errors.New("plan: invalid")

// Validate reports the first thing that would let a device read or write
// outside a buffer or a weight: an index, a shape, a value that is read before
// it is written or after its buffer was given to another, a step that writes a
// buffer it reads. A device may run a valid plan without further checks.
func (p *Plan) Validate() error {
	if p == nil {
		return fmt.Errorf("%w: no plan", ErrInvalid)
	}
	if err := p.validateItems(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	holds := make([]int, len(p.Buffers)) // the value in each buffer
	for i := range holds {
		holds[i] = None
	}
	holds[p.Values[p.Input].Buffer] = p.Input
	for i, s := range p.Steps {
		if err := p.validateStep(s, holds); err != nil {
			return fmt.Errorf("%w: step %d (%s %s): %w", ErrInvalid, i, s.Op, s.Name, err)
		}
		holds[p.Values[s.Out].Buffer] = s.Out
	}
	if len(p.Outputs) == 0 {
		return fmt.Errorf("%w: no outputs", ErrInvalid)
	}
	seen := map[string]bool{}
	for _, o := range p.Outputs {
		if o.Value < 0 || o.Value >= len(p.Values) {
			return fmt.Errorf("%w: output %s: no value %d", ErrInvalid, o.Name, o.Value)
		}
		if seen[o.Name] {
			return fmt.Errorf("%w: two outputs are named %s", ErrInvalid, o.Name)
		}
		seen[o.Name] = true
		if holds[p.Values[o.Value].Buffer] != o.Value {
			return fmt.Errorf("%w: output %s: value %d is not in its buffer after the last step", ErrInvalid, o.Name, o.Value)
		}
	}
	return nil
}

// validateItems checks values, buffers and weights by themselves.
func (p *Plan) validateItems() error {
	if n := max(len(p.Values), len(p.Steps), len(p.Weights), len(p.Outputs), len(p.Buffers)); n > maxItems {
		return fmt.Errorf("%d items, want at most %d", n, maxItems)
	}
	total := 0
	for i, n := range p.Buffers {
		if n < 1 || n > maxFloats {
			return fmt.Errorf("buffer %d holds %d float32, want 1 to %d", i, n, maxFloats)
		}
		if total += n; total > maxFloats {
			return fmt.Errorf("buffers hold more than %d float32", maxFloats)
		}
	}
	for i, v := range p.Values {
		if min(v.H, v.W, v.C) < 1 || max(v.H, v.W, v.C) > maxSide {
			return fmt.Errorf("value %d has shape [%d %d %d], want sides of 1 to %d", i, v.H, v.W, v.C, maxSide)
		}
		if v.Buffer < 0 || v.Buffer >= len(p.Buffers) {
			return fmt.Errorf("value %d: no buffer %d", i, v.Buffer)
		}
		// In int64: on a 32-bit machine three sides of maxSide overflow an int.
		if n := int64(v.H) * int64(v.W) * int64(v.C); n > int64(p.Buffers[v.Buffer]) {
			return fmt.Errorf("value %d holds %d float32, its buffer %d", i, n, p.Buffers[v.Buffer])
		}
	}
	for i, w := range p.Weights {
		n := int64(1)
		for _, d := range w.Shape {
			if d < 1 || d > maxFloats {
				return fmt.Errorf("weight %d (%s) has shape %v", i, w.Name, w.Shape)
			}
			if n *= int64(d); n > maxFloats {
				return fmt.Errorf("weight %d (%s) has shape %v, want at most %d values", i, w.Name, w.Shape, maxFloats)
			}
		}
		if w.Data == nil && p.Source != nil {
			continue // it will be as long as its shape says
		}
		if n != int64(len(w.Data)) {
			return fmt.Errorf("weight %d (%s) has shape %v and %d values", i, w.Name, w.Shape, len(w.Data))
		}
	}
	if p.Input < 0 || p.Input >= len(p.Values) {
		return fmt.Errorf("input: no value %d", p.Input)
	}
	return nil
}

func (p *Plan) validateStep(s Step, holds []int) error {
	in, err := p.read("in", s.In, holds)
	if err != nil {
		return err
	}
	if s.Out < 0 || s.Out >= len(p.Values) {
		return fmt.Errorf("out: no value %d", s.Out)
	}
	out := p.Values[s.Out]
	if s.Out == p.Input {
		return errors.New("out is the plan's input")
	}
	if out.Buffer == in.Buffer {
		return fmt.Errorf("reads and writes buffer %d", out.Buffer)
	}
	if !s.Act.Valid() {
		return fmt.Errorf("no activation %q", s.Act)
	}
	if s.Act != activation.None && (s.Op == Squeeze || s.Op == Pool) {
		return fmt.Errorf("has activation %q, which this operation cannot apply", s.Act)
	}
	for _, extra := range []struct {
		name  string
		value int
		shape [3]int
	}{{"gate", s.Gate, [3]int{1, 1, in.C}}, {"residual", s.Residual, [3]int{out.H, out.W, out.C}}} {
		if extra.value == None {
			continue
		}
		if s.Op != Pointwise {
			return fmt.Errorf("has a %s, which only pointwise can have", extra.name)
		}
		v, err := p.read(extra.name, extra.value, holds)
		if err != nil {
			return err
		}
		if v.Buffer == out.Buffer {
			return fmt.Errorf("reads (%s) and writes buffer %d", extra.name, out.Buffer)
		}
		if got := [3]int{v.H, v.W, v.C}; got != extra.shape {
			return fmt.Errorf("%s has shape %v, want %v", extra.name, got, extra.shape)
		}
	}

	want := [3]int{1, 1, out.C} // of out
	var w, b, w2, b2 []int      // shapes of the weights, nil where absent
	switch s.Op {
	case Stem:
		if in.C != 3 {
			return fmt.Errorf("input has %d channels, want 3", in.C)
		}
		want = [3]int{(in.H-1)/2 + 1, (in.W-1)/2 + 1, out.C}
		w, b = []int{3, 3, 3, out.C}, []int{out.C}
	case Pointwise:
		want = [3]int{in.H, in.W, out.C}
		w, b = []int{in.C, out.C}, []int{out.C}
	case Depthwise:
		if s.Kernel != 3 && s.Kernel != 5 {
			return fmt.Errorf("kernel is %d, want 3 or 5", s.Kernel)
		}
		if s.Stride != 1 && s.Stride != 2 {
			return fmt.Errorf("stride is %d, want 1 or 2", s.Stride)
		}
		want = [3]int{(in.H-1)/s.Stride + 1, (in.W-1)/s.Stride + 1, in.C}
		w, b = []int{s.Kernel, s.Kernel, in.C}, []int{in.C}
	case Squeeze:
		if s.B < 0 || s.B >= len(p.Weights) {
			return fmt.Errorf("b: no weight %d", s.B)
		}
		squeezed := tensor.Len(p.Weights[s.B].Shape)
		want = [3]int{1, 1, in.C}
		w, b = []int{in.C, squeezed}, []int{squeezed}
		w2, b2 = []int{squeezed, in.C}, []int{in.C}
	case Pool:
		if s.Pool != pool.Avg && s.Pool != pool.MaxAvg {
			return fmt.Errorf("no pool %q", s.Pool)
		}
		want = [3]int{1, 1, s.Pool.Out(in.C)}
	case Dense:
		if in.H != 1 || in.W != 1 {
			return fmt.Errorf("input has shape [%d %d %d], want [1 1 C]", in.H, in.W, in.C)
		}
		w, b = []int{in.C, out.C}, []int{out.C}
	case Norm:
		want = [3]int{in.H, in.W, in.C}
		w, b = []int{in.C}, []int{in.C}
	default:
		return errors.New("no such operation")
	}
	if got := [3]int{out.H, out.W, out.C}; got != want {
		return fmt.Errorf("out has shape %v, want %v", got, want)
	}
	for _, weight := range []struct {
		name  string
		index int
		shape []int
	}{{"w", s.W, w}, {"b", s.B, b}, {"w2", s.W2, w2}, {"b2", s.B2, b2}} {
		if weight.shape == nil {
			if weight.index != None {
				return fmt.Errorf("%s: weight %d, want none", weight.name, weight.index)
			}
			continue
		}
		if weight.index < 0 || weight.index >= len(p.Weights) {
			return fmt.Errorf("%s: no weight %d", weight.name, weight.index)
		}
		if got := p.Weights[weight.index].Shape; !slices.Equal(got, weight.shape) {
			return fmt.Errorf("%s (%s) has shape %v, want %v", weight.name, p.Weights[weight.index].Name, got, weight.shape)
		}
	}
	return nil
}

// read returns a value that a step reads, if its buffer holds it by then.
func (p *Plan) read(name string, v int, holds []int) (Value, error) {
	if v < 0 || v >= len(p.Values) {
		return Value{}, fmt.Errorf("%s: no value %d", name, v)
	}
	if buffer := p.Values[v].Buffer; holds[buffer] != v {
		return Value{}, fmt.Errorf("%s: value %d is not in buffer %d at that time", name, v, buffer)
	}
	return p.Values[v], nil
}

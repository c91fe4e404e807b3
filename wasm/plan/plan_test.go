package plan

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/tensor"
)

// small is a stem, one block with gate and residual, a pool and a linear layer.
func small() *Plan {
	p := &Plan{Outputs: []Output{{Name: "logits", Value: 6}}}
	for _, v := range []struct{ h, w, c int }{{9, 9, 3}, {5, 5, 4}, {5, 5, 4}, {1, 1, 4}, {5, 5, 4}, {1, 1, 8}, {1, 1, 2}} {
		p.Values = append(p.Values, Value{H: v.h, W: v.w, C: v.c})
	}
	weight := func(shape ...int) int {
		p.Weights = append(p.Weights, tensor.Float32{Name: "w", Shape: shape, Data: make([]float32, tensor.Len(shape))})
		return len(p.Weights) - 1
	}
	p.Steps = []Step{
		{Op: Stem, Name: "stem", Act: activation.SiLU, Kernel: 3, Stride: 2, In: 0, Gate: None, Residual: None, Out: 1, W: weight(3, 3, 3, 4), B: weight(4), W2: None, B2: None},
		{Op: Depthwise, Name: "dw", Act: activation.SiLU, Kernel: 5, Stride: 1, In: 1, Gate: None, Residual: None, Out: 2, W: weight(5, 5, 4), B: weight(4), W2: None, B2: None},
		{Op: Squeeze, Name: "se", In: 2, Gate: None, Residual: None, Out: 3, W: weight(4, 2), B: weight(2), W2: weight(2, 4), B2: weight(4)},
		{Op: Pointwise, Name: "pw", In: 2, Gate: 3, Residual: 1, Out: 4, W: weight(4, 4), B: weight(4), W2: None, B2: None},
		{Op: Pool, Name: "pool", Pool: pool.MaxAvg, In: 4, Gate: None, Residual: None, Out: 5, W: None, B: None, W2: None, B2: None},
		{Op: Dense, Name: "fc", In: 5, Gate: None, Residual: None, Out: 6, W: weight(8, 2), B: weight(2), W2: None, B2: None},
	}
	Place(p)
	return p
}

func TestPrint(t *testing.T) {
	var got bytes.Buffer
	if err := Print(&got, small()); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/small.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("printed\n%s, want\n%s", got.Bytes(), want)
	}
}

func TestValidate(t *testing.T) {
	if err := small().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		damage func(p *Plan)
		want   string // in the error
	}{
		{"input", func(p *Plan) { p.Input = 9 }, "input: no value 9"},
		{"buffer of a value", func(p *Plan) { p.Values[1].Buffer = -1 }, "no buffer -1"},
		{"small buffer", func(p *Plan) { p.Buffers[p.Values[0].Buffer] = 100 }, "its buffer 100"},
		{"huge buffer", func(p *Plan) { p.Buffers[0] = 1 << 40 }, "buffer 0 holds"},
		{"huge value", func(p *Plan) { p.Values[2].H = 1 << 40 }, "shape"},
		{"zero side", func(p *Plan) { p.Values[2].W = 0 }, "shape"},
		{"in", func(p *Plan) { p.Steps[1].In = 7 }, "step 1 (depthwise dw): in: no value 7"},
		{"in absent", func(p *Plan) { p.Steps[1].In = None }, "in: no value -1"},
		{"out", func(p *Plan) { p.Steps[1].Out = -2 }, "out: no value -2"},
		{"out is the picture", func(p *Plan) { p.Steps[5].Out = 0 }, "plan's input"},
		{"read before written", func(p *Plan) { p.Steps[0], p.Steps[1] = p.Steps[1], p.Steps[0] }, "is not in buffer"},
		{"overwritten residual", func(p *Plan) { p.Values[2].Buffer = p.Values[1].Buffer }, "reads and writes"},
		{"gate on depthwise", func(p *Plan) { p.Steps[1].Gate = 1 }, "only pointwise"},
		{"gate of another shape", func(p *Plan) { p.Steps[3].Gate = 1 }, "gate has shape"},
		{"residual of another shape", func(p *Plan) { p.Steps[3].Residual = 3 }, "residual has shape"},
		{"kernel", func(p *Plan) { p.Steps[1].Kernel = 7 }, "kernel is 7"},
		{"stride", func(p *Plan) { p.Steps[1].Stride = 3 }, "stride is 3"},
		{"output shape", func(p *Plan) { p.Steps[1].Stride = 2 }, "out has shape"},
		{"operation", func(p *Plan) { p.Steps[1].Op = "fft" }, "no such operation"},
		{"activation", func(p *Plan) { p.Steps[1].Act = "tanh" }, `no activation "tanh"`},
		{"activation of a pool", func(p *Plan) { p.Steps[4].Act = activation.ReLU }, "cannot apply"},
		{"pool", func(p *Plan) { p.Steps[4].Pool = "min" }, `no pool "min"`},
		{"weight", func(p *Plan) { p.Steps[0].W = 99 }, "w: no weight 99"},
		{"bias of the squeeze", func(p *Plan) { p.Steps[2].B = None }, "b: no weight -1"},
		{"weight too many", func(p *Plan) { p.Steps[0].W2 = 1 }, "w2: weight 1, want none"},
		{"weight shape", func(p *Plan) { p.Weights[0].Shape = []int{27, 4} }, "has shape [27 4]"},
		{"weight data", func(p *Plan) { p.Weights[0].Data = nil }, "weight 0 (w)"},
		{"huge weight", func(p *Plan) { p.Weights[0].Shape = []int{1 << 26, 1 << 26, 1 << 26} }, "weight 0 (w)"},
		{"dense of a map", func(p *Plan) { p.Steps[5].In = 4 }, "want [1 1 C]"},
		{"output", func(p *Plan) { p.Outputs[0].Value = 70 }, "no value 70"},
		{"two outputs of one name", func(p *Plan) { p.Outputs = append(p.Outputs, p.Outputs[0]) }, "two outputs"},
		{"output overwritten", func(p *Plan) { p.Outputs[0].Value = 1 }, "after the last step"},
		{"no outputs", func(p *Plan) { p.Outputs = nil }, "no outputs"},
	} {
		p := small()
		c.damage(p)
		if err := p.Validate(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", c.name, err, c.want)
		}
	}
	if err := (*Plan)(nil).Validate(); !errors.Is(err, ErrInvalid) {
		t.Errorf("no plan: error is %v", err)
	}
}

// TestPlace wants each value whole from the step that writes it to the last
// that reads it, in networks with long residuals and several outputs.
func TestPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		p := &Plan{Values: []Value{{H: 4, W: 4, C: 3}}}
		for i := range 30 {
			p.Values = append(p.Values, Value{H: 1, W: 1, C: 1 + r.IntN(500)})
			s := Step{In: r.IntN(i + 1), Gate: None, Residual: None, Out: i + 1}
			if r.IntN(2) == 0 {
				s.Residual = r.IntN(i + 1)
			}
			p.Steps = append(p.Steps, s)
		}
		p.Outputs = []Output{{Value: 30}, {Value: 1 + r.IntN(29)}}
		Place(p)
		holds := make([]int, len(p.Buffers))
		holds[p.Values[0].Buffer] = 0
		whole := func(v int) bool {
			return v == None || holds[p.Values[v].Buffer] == v && p.Buffers[p.Values[v].Buffer] >= p.Values[v].Len()
		}
		for i, s := range p.Steps {
			out := p.Values[s.Out].Buffer
			if !whole(s.In) || !whole(s.Residual) || out == p.Values[s.In].Buffer || s.Residual != None && out == p.Values[s.Residual].Buffer {
				t.Fatalf("step %d reads what is gone, or writes what it reads", i)
			}
			holds[out] = s.Out
		}
		for _, o := range p.Outputs {
			if !whole(o.Value) {
				t.Fatalf("output %d is gone after the last step", o.Value)
			}
		}
	}
}

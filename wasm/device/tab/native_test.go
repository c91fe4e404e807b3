//go:build !js

package tab

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/module"
	"blastlens/wasm/kernel/wasm"
	"blastlens/wasm/kernel/wasm/wasmtest"
	"blastlens/wasm/plan"
)

var kernels, single = module.Emit(wasm.Memory{Shared: true}, module.Patience), module.Emit(wasm.Memory{}, module.Patience)

// native is an image in a memory with its threads, as the page has it.
type native struct {
	t       testing.TB
	image   *Image
	memory  *wasmtest.Memory
	lead    wasmtest.Instance
	threads int
}

// start writes the image and starts all threads but the first.
func start(t testing.TB, image *Image, shared bool) *native {
	t.Helper()
	code := kernels
	if !shared {
		code = single
	}
	memory := wasmtest.New(t, image.Pages, shared)
	if err := image.Write(func(c Chunk) { memory.Write(c.At, c.Floats) }); err != nil {
		t.Fatal(err)
	}
	n := &native{t, image, memory, memory.Instance(code), image.threads}
	var serving sync.WaitGroup
	for thread := 1; thread < n.threads; thread++ {
		in := memory.Instance(code)
		serving.Go(func() {
			if in.Call("serve", thread, n.threads) != 0 {
				t.Errorf("thread %d gave up", thread)
			}
		})
	}
	if n.threads > 1 {
		t.Cleanup(func() {
			n.lead.Call("stop")
			serving.Wait()
		})
	}
	return n
}

func (n *native) run() {
	n.t.Helper()
	if n.lead.Call("run", n.threads) != 0 {
		n.t.Fatal("a thread did not arrive")
	}
}

// picture runs x and returns the plan's outputs.
func (n *native) picture(x []float32) [][]float32 {
	n.t.Helper()
	for _, c := range n.image.Input(x) {
		n.memory.Write(c.At, c.Floats)
	}
	n.run()
	outputs := make([][]float32, len(n.image.plan.Outputs))
	for i := range outputs {
		at, floats := n.image.Output(i)
		outputs[i] = n.image.Take(i, n.memory.Read(at, floats))
	}
	return outputs
}

// layer is a plan of one step whose inputs are all given from outside.
type layer struct {
	plan.Plan
	given [][]float32
}

// value is an input of the step, [h,w,c]; nil is none.
func (l *layer) value(x []float32, h, w, c int) int {
	if x == nil {
		return plan.None
	}
	l.Values = append(l.Values, plan.Value{H: h, W: w, C: c, Buffer: len(l.Buffers)})
	l.Buffers = append(l.Buffers, h*w*c)
	l.given = append(l.given, x)
	return len(l.Values) - 1
}

// run computes the step, with weights w, b, w2, b2 as far as given, by 1, 2 and 3
// threads, and returns the output [h,w,c]. All have to agree to the last bit.
func (l *layer) run(t *testing.T, s plan.Step, h, w, c int, weights ...[]float32) []float32 {
	t.Helper()
	s.Name, s.W, s.B, s.W2, s.B2 = "layer", plan.None, plan.None, plan.None, plan.None
	for i, at := range []*int{&s.W, &s.B, &s.W2, &s.B2}[:len(weights)] {
		*at = len(l.Weights)
		l.Weights = append(l.Weights, weight(weights[i]))
		if l.Source != nil {
			l.Weights[*at].Data = nil
		}
	}
	s.Out = l.value([]float32{}, h, w, c)
	l.given = l.given[:s.Out]
	l.Steps, l.Outputs = []plan.Step{s}, []plan.Output{{Name: "y", Value: s.Out}}

	var y []float32
	for threads := 1; threads <= 3; threads++ {
		image, err := lay(&l.Plan, threads)
		if err != nil {
			t.Fatal(err)
		}
		n := start(t, image, true)
		for v, x := range l.given {
			if v != l.Input {
				c := image.planes(v, x)
				n.memory.Write(c.At, c.Floats)
			}
		}
		got := n.picture(l.given[l.Input])[0]
		if again := n.picture(l.given[l.Input])[0]; !slices.Equal(got, again) {
			t.Errorf("%d threads: a second run gave something else", threads)
		}
		if threads > 1 && !slices.Equal(got, y) {
			t.Errorf("%d threads differ from one", threads)
		}
		y = got
	}
	return y
}

func equal(t *testing.T, name fmt.Stringer, got, want []float32) {
	t.Helper()
	t.Run(name.String(), func(t *testing.T) { kerneltest.Equal(t, got, want, kerneltest.CPU) })
}

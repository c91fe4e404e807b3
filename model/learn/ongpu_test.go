package learn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"blastlens/model/learn"
	"blastlens/model/learn/ongpu"
	"blastlens/model/net"
	"blastlens/wasm/kernel/kerneltest"
)

// lavapipe is the software adapter that the tests run on.
const lavapipe = kerneltest.Lavapipe

// side is a network with a device of its own.
type side struct {
	learn.State
	learn.Device
}

func newSide(t *testing.T, a learn.Architecture, batch int, device func(*learn.Network) learn.Device) side {
	t.Helper()
	n, err := learn.New(a, batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	learn.Randomise(n, 3)
	s := side{learn.State{Network: n, Optimiser: learn.NewAdamW(n)}, device(n)}
	for _, v := range n.Arrays() {
		s.Average = append(s.Average, v...)
	}
	if err := s.Send(s.State); err != nil {
		t.Fatal(err)
	}
	return s
}

func onGPU(t *testing.T, o ongpu.Options) func(*learn.Network) learn.Device {
	return func(n *learn.Network) learn.Device {
		t.Helper()
		o.Adapter = lavapipe
		g, err := ongpu.Open(n, o)
		if err != nil {
			t.Fatalf("%v (build/setup.sh installs it)", err)
		}
		t.Cleanup(g.Close)
		return g
	}
}

// A step on the GPU is the processor's: gradient's norm, weights, moments,
// running statistics and average, with the body frozen and not, for both heads,
// odd sizes and odd batches; and so are the logits afterwards.
func TestStepOnGPU(t *testing.T) {
	for _, c := range []struct {
		head        net.Head
		batch, size int
		width       int
	}{{net.Fastai, 5, 33, 8}, {net.Plain, 6, 40, 6}} {
		t.Run(string(c.head), func(t *testing.T) {
			a := learn.Tiny(c.head, c.size, c.width)
			cpu := newSide(t, a, c.batch, func(*learn.Network) learn.Device { return learn.Processor() })
			gpu := newSide(t, a, c.batch, onGPU(t, ongpu.Options{Batch: c.batch}))
			b := learn.Batch{Pictures: make([]int, c.batch), X: kerneltest.Fill(1, c.batch*c.size*c.size*3)}
			target := learn.OneHot(c.batch, a.Classes)
			for step, frozen := range []bool{false, true, false} {
				var outcomes [2]learn.Outcome
				for i, s := range []side{cpu, gpu} {
					var err error
					outcomes[i], err = s.Step(b, target, learn.Hyper{
						Rates: learn.Rates{Body: 1e-3, Head: 2e-3, Momentum: .9}, Frozen: frozen, Clip: 1, Keep: .9, Chance: rand.New(rand.NewPCG(7, uint64(step))),
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if want, got := outcomes[0], outcomes[1]; math.Abs(got.Loss-want.Loss) > 1e-3*want.Loss || math.Abs(got.Norm-want.Norm) > 5e-3*want.Norm {
					t.Errorf("step %d: loss %v and norm %v, want %v and %v", step+1, got.Loss, got.Norm, want.Loss, want.Norm)
				}
				if err := gpu.Fetch(gpu.State); err != nil {
					t.Fatal(err)
				}
				if step > 0 {
					continue
				}
				for i, p := range cpu.Network.Parameters {
					same(t, p.Name+"'s first moment", gpu.Optimiser.First[i], cpu.Optimiser.First[i], 5e-3)
					same(t, p.Name+"'s second moment", gpu.Optimiser.Second[i], cpu.Optimiser.Second[i], 1e-2)
				}
			}
			if gpu.Optimiser.Step != 3 {
				t.Errorf("%d steps are counted, want 3", gpu.Optimiser.Step)
			}
			for i, v := range cpu.Network.Arrays() {
				same(t, fmt.Sprintf("array %d", i), gpu.Network.Arrays()[i], v, 2e-3)
			}
			same(t, "the average", gpu.Average, cpu.Average, 1e-3)
			few := learn.Batch{Pictures: b.Pictures[:3], X: b.X[:3*c.size*c.size*3]}
			want, _ := cpu.Logits(few)
			got, err := gpu.Logits(few)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "logits", got, want, 5e-3)
		})
	}
}

// A step can be repeated bit by bit.
func TestRepeatedOnGPU(t *testing.T) {
	const batch, size = 5, 33
	var runs [2][]float32
	for i := range runs {
		s := newSide(t, learn.Tiny(net.Fastai, size, 8), batch, onGPU(t, ongpu.Options{Batch: batch}))
		b := learn.Batch{Pictures: make([]int, batch), X: kerneltest.Fill(1, batch*size*size*3)}
		for range 2 {
			if _, err := s.Step(b, learn.OneHot(batch, 4), learn.Hyper{Rates: learn.Rates{Body: 1e-3, Head: 1e-3, Momentum: .9}, Keep: .9}); err != nil {
				t.Fatal(err)
			}
		}
		before := flat(s.Network)
		if err := s.Fetch(s.State); err != nil {
			t.Fatal(err)
		}
		if runs[i] = flat(s.Network); slices.Equal(before, runs[i]) {
			t.Error("two steps changed nothing")
		}
	}
	if !slices.Equal(runs[0], runs[1]) {
		t.Error("the same steps ended with other weights")
	}
}

// A step of B3 itself.
func TestB3StepOnGPU(t *testing.T) {
	const batch, size = 3, 96
	a := learn.B3(net.Fastai, 4, size)
	start := net.InitRandom(net.Fastai, 4, 1)
	step := func(device func(*learn.Network) learn.Device) (side, learn.Outcome) {
		t.Helper()
		s := newSide(t, a, batch, device)
		if err := errors.Join(s.Network.Load(start), s.Send(s.State)); err != nil {
			t.Fatal(err)
		}
		o, err := s.Step(learn.Batch{Pictures: make([]int, batch), X: kerneltest.Fill(1, batch*size*size*3)}, learn.OneHot(batch, 4),
			learn.Hyper{Rates: learn.Rates{Body: 1e-4, Head: 1e-3, Momentum: .9}, Clip: 5, Chance: rand.New(rand.NewPCG(7, 7))})
		if err != nil {
			t.Fatal(err)
		}
		return s, o
	}
	cpu, want := step(func(*learn.Network) learn.Device { return learn.Processor() })
	gpu, got := step(onGPU(t, ongpu.Options{Batch: batch}))
	if math.Abs(got.Loss-want.Loss) > 1e-3*want.Loss || math.Abs(got.Norm-want.Norm) > 1e-3*want.Norm {
		t.Errorf("loss %v and norm %v, want %v and %v", got.Loss, got.Norm, want.Loss, want.Norm)
	}
	if err := gpu.Fetch(gpu.State); err != nil {
		t.Fatal(err)
	}
	for i, p := range cpu.Network.Parameters {
		same(t, p.Name+"'s first moment", gpu.Optimiser.First[i], cpu.Optimiser.First[i], 5e-3)
	}
}

// Gradients that overflow half precision leave weights, moments and average as
// they were, and the loss is scaled less until they do not.
func TestSkippedStepOnGPU(t *testing.T) {
	const batch, size = 6, 40
	a := learn.Tiny(net.Plain, size, 8)
	cpu := newSide(t, a, batch, func(*learn.Network) learn.Device { return learn.Processor() })
	gpu := newSide(t, a, batch, onGPU(t, ongpu.Options{Batch: batch, Mixed: true}))
	b := learn.Batch{Pictures: make([]int, batch), X: kerneltest.Fill(1, batch*size*size*3)}
	heavy := learn.OneHot(batch, a.Classes)
	for i := range heavy {
		heavy[i] *= 3e4
	}
	step := func(s side) learn.Outcome {
		t.Helper()
		o, err := s.Step(b, heavy, learn.Hyper{Rates: learn.Rates{Body: 1e-3, Head: 1e-3, Momentum: .9}, Clip: 1, Keep: .9})
		if err == nil {
			err = s.Fetch(s.State)
		}
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	parameters := 0
	for _, p := range gpu.Network.Parameters {
		parameters += len(p.Value)
	}
	before, average := flat(gpu.Network)[:parameters], slices.Clone(gpu.Average)
	skipped := 0
	var got learn.Outcome
	for got = step(gpu); got.Skipped; got = step(gpu) {
		skipped++
		if !slices.Equal(flat(gpu.Network)[:parameters], before) || !slices.Equal(gpu.Average, average) || gpu.Optimiser.Step != 0 || slices.Max(gpu.Optimiser.Second[0]) != 0 {
			t.Fatalf("the skipped step %d learned something", skipped)
		}
	}
	if skipped < 2 || slices.Equal(flat(gpu.Network)[:parameters], before) || gpu.Optimiser.Step != 1 {
		t.Errorf("%d steps were skipped, %d counted", skipped, gpu.Optimiser.Step)
	}
	if want := step(cpu); math.Abs(got.Loss-want.Loss) > .02*want.Loss || math.Abs(got.Norm-want.Norm) > .05*want.Norm {
		t.Errorf("loss %v and norm %v after %d steps skipped, want %v and %v", got.Loss, got.Norm, skipped, want.Loss, want.Norm)
	}
}

// same compares as kerneltest.Equal does, and names what differs. What a
// batch-norm takes away is rounding alone, and is not compared.
func same(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= tolerance*largest+1e-6) {
			t.Errorf("%s[%d] is %v, want %v (largest %v)", what, i, got[i], w, largest)
			return
		}
	}
}

func withStop(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func flat(n *learn.Network) (all []float32) {
	for _, v := range n.Arrays() {
		all = append(all, v...)
	}
	return all
}

package learn_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
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

package learn_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/model/learn"
	"blastlens/model/learn/ongpu"
	"blastlens/wasm/kernel/gpu"
	"blastlens/wasm/tensor"
)

// recorder keeps each step's outcome, and may do something before a step.
type recorder struct {
	learn.Device
	outcomes []learn.Outcome
	before   func(step int)
}

func (r *recorder) Step(b learn.Batch, target []float32, h learn.Hyper) (learn.Outcome, error) {
	if r.before != nil {
		r.before(len(r.outcomes))
	}
	o, err := r.Device.Step(b, target, h)
	r.outcomes = append(r.outcomes, o)
	return o, err
}

// everything is a short recipe with all that a recipe can have.
var everything = learn.Recipe{Freeze: 1, Epochs: 4, Batch: 6, Body: .003, Head: .006, Decay: .01, Smoothing: .1, Mixup: .2, Clip: 1, EMA: .9, ClassEqual: true, Seed: 3}

// Twenty steps, the body frozen in the first ones, have the processor's losses.
func TestLossesOnGPU(t *testing.T) {
	run := func(device func(*learn.Network) learn.Device) ([]learn.Outcome, []learn.Epoch) {
		tr := learn.Smears(t, 8, 64, 8, everything)
		r := &recorder{Device: device(tr.Network)}
		tr.Device = r
		if err := tr.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r.outcomes, tr.History()
	}
	want, history := run(func(*learn.Network) learn.Device { return learn.Processor() })
	if len(want) != 20 {
		t.Fatalf("%d steps, want 20", len(want))
	}
	for _, mixed := range []bool{false, true} {
		got, epochs := run(onGPU(t, ongpu.Options{Batch: everything.Batch, Mixed: mixed}))
		worst := 0.0
		for i, w := range want {
			d := math.Abs(got[i].Loss-w.Loss) / w.Loss
			if worst = max(worst, d); !(d <= .02) || got[i].Skipped {
				t.Errorf("mixed %v, step %d: loss %.5f, want %.5f; skipped: %v", mixed, i+1, got[i].Loss, w.Loss, got[i].Skipped)
			}
		}
		t.Logf("mixed %v: losses differ by %.2g at most", mixed, worst)
		for i, e := range epochs {
			if w := history[i]; e.Frozen != w.Frozen || math.Abs(e.Valid-w.Valid) > .05*w.Valid {
				t.Errorf("mixed %v: epoch %+v, want %+v", mixed, e, w)
			}
		}
	}
}

// rings are pictures of [size] pixels with a ring as wide as its class, in
// colours and places that say nothing of it.
func rings(i, class, size int) tensor.RGB8 {
	chance := rand.New(rand.NewPCG(uint64(i), 5))
	p := tensor.NewRGB8(size, size)
	var ground, ink [3]float64
	for c := range 3 {
		ground[c], ink[c] = 160+60*chance.Float64(), 100*chance.Float64()
	}
	x0, y0 := float64(size)*(.4+.2*chance.Float64()), float64(size)*(.4+.2*chance.Float64())
	for k := range size * size {
		r := math.Hypot(float64(k%size)-x0, float64(k/size)-y0)
		for c := range 3 {
			v := ground[c]
			if math.Abs(r-float64(size)*(.1+.08*float64(class))) < 2 {
				v = ink[c]
			}
			p.Pix[3*k+c] = uint8(v + 8*chance.Float64())
		}
	}
	return p
}

// A tiny training learns what there is to learn, on both devices.
func TestLearnsOnBoth(t *testing.T) {
	for name, device := range map[string]func(*learn.Network) learn.Device{
		"processor": func(*learn.Network) learn.Device { return learn.Processor() },
		"GPU":       onGPU(t, ongpu.Options{Batch: 12}), "GPU, mixed": onGPU(t, ongpu.Options{Batch: 12, Mixed: true}),
	} {
		t.Run(name, func(t *testing.T) {
			const size = 32
			tr := learn.Smears(t, 60, size, 8, learn.Recipe{Epochs: 7, Batch: 12, Body: .02, Head: .02, Decay: .01, Seed: 1})
			tr.Loader.Open = func(i int) (tensor.RGB8, error) { return rings(i, tr.Labels[i], size), nil }
			tr.Device = device(tr.Network)
			if err := tr.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			epochs := tr.History()
			last := epochs[len(epochs)-1]
			if !(last.Accuracy > .95) {
				t.Errorf("accuracy after the last epoch is %.3f, want above 0.95", last.Accuracy)
			}
			t.Logf("accuracy %.3f, %.1f pictures/s", last.Accuracy, last.Pictures)
		})
	}
}

// A device that is lost in the middle of an epoch takes nothing with it: the
// training goes on from the last checkpoint, on the GPU or on the processor, and
// learns what one that was not interrupted learns.
func TestLostOnGPU(t *testing.T) {
	whole := learn.Smears(t, 8, 64, 8, everything)
	if err := whole.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "checkpoint")
	cut := learn.Smears(t, 8, 64, 8, everything)
	cut.Checkpoint = file
	device := onGPU(t, ongpu.Options{Batch: everything.Batch})(cut.Network)
	cut.Device = &recorder{Device: device, before: func(step int) {
		if step == 6 { // of 4 an epoch
			device.(*ongpu.GPU).Close()
		}
	}}
	err := cut.Run(t.Context())
	if !errors.Is(err, gpu.ErrLost) {
		t.Fatalf("error %v, want ErrLost", err)
	}
	for _, word := range []string{"epoch 2, step 3", "llvmpipe", "The last good checkpoint is " + file} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %q", err, word)
		}
	}
	for name, on := range map[string]func(*learn.Network) learn.Device{
		"processor": func(*learn.Network) learn.Device { return learn.Processor() }, "GPU": onGPU(t, ongpu.Options{Batch: everything.Batch}),
	} {
		resumed := learn.Smears(t, 8, 64, 8, everything)
		resumed.Device = on(resumed.Network)
		if err := resumed.Resume(file); err != nil {
			t.Fatal(err)
		}
		if len(resumed.History()) != 1 {
			t.Errorf("%s: %d epochs are done, want 1", name, len(resumed.History()))
		}
		if err := resumed.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, e := range resumed.History() {
			if w := whole.History()[i]; math.Abs(e.Train-w.Train) > .02*w.Train {
				t.Errorf("%s: epoch %d has loss %.4f, want %.4f", name, i+1, e.Train, w.Train)
			}
		}
	}
}

func TestNotFiniteOnGPU(t *testing.T) {
	for _, mixed := range []bool{false, true} {
		tr := learn.Smears(t, 8, 64, 8, learn.Recipe{Epochs: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
		tr.Device = onGPU(t, ongpu.Options{Batch: 6, Mixed: mixed})(tr.Network)
		var at int
		for i, p := range tr.Network.Parameters {
			if p.Name == "blocks.1.0.bn2.weight" {
				at, p.Value[0] = i, float32(math.NaN())
			}
		}
		err := tr.Run(t.Context())
		if !errors.Is(err, learn.ErrNotFinite) || !strings.Contains(err.Error(), "epoch 1, step 1") || at == 0 {
			t.Errorf("mixed %v: error %v, want ErrNotFinite in epoch 1, step 1", mixed, err)
		}
	}
}

// What does not fit is refused before anything is allocated, with what would.
func TestMemoryOnGPU(t *testing.T) {
	n, err := learn.New(learn.Tiny("plain", 64, 8), 16)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	limit, err := ongpu.Bytes(n, 9, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ongpu.Open(n, ongpu.Options{Adapter: lavapipe, Batch: 16, Memory: limit})
	if !errors.Is(err, ongpu.ErrMemory) || !strings.Contains(err.Error(), "a batch of 9 would fit") || !strings.Contains(err.Error(), "llvmpipe") {
		t.Errorf("error %v, want ErrMemory, the adapter and that 9 would fit", err)
	}
	if _, err = ongpu.Open(n, ongpu.Options{Adapter: lavapipe, Batch: 16, Memory: 1000}); !errors.Is(err, ongpu.ErrMemory) || !strings.Contains(err.Error(), "no batch would fit") {
		t.Errorf("error %v, want ErrMemory and that nothing would fit", err)
	}
}

// Without its name no software adapter is taken; where there is no hardware one,
// the error says so.
func TestAdaptersOfTraining(t *testing.T) {
	n, err := learn.New(learn.Tiny("plain", 64, 8), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	g, err := ongpu.Open(n, ongpu.Options{Batch: 4})
	switch {
	case err == nil:
		if strings.Contains(g.Describe(), "(software adapter)") {
			t.Errorf("%s was taken without its name", g.Describe())
		}
		g.Close()
	case !errors.Is(err, gpu.ErrNone) || !strings.Contains(err.Error(), "llvmpipe") || !strings.Contains(err.Error(), "must be named"):
		t.Errorf("error %v, want ErrNone, and that llvmpipe must be named", err)
	}
	if _, err := ongpu.Open(n, ongpu.Options{Adapter: "model 7", Batch: 4}); !errors.Is(err, gpu.ErrNone) || !strings.Contains(err.Error(), `"model 7"`) {
		t.Errorf("error %v, want ErrNone and the name", err)
	}
}

// A checkpoint of the GPU in mixed precision is one of the processor.
func TestStopOnGPU(t *testing.T) {
	file := filepath.Join(t.TempDir(), "checkpoint")
	tr := learn.Smears(t, 8, 64, 8, everything)
	tr.Checkpoint = file
	tr.Device = onGPU(t, ongpu.Options{Batch: everything.Batch, Mixed: true})(tr.Network)
	ctx, stop := withStop(t)
	steps := 0
	tr.Told = func(learn.Progress) {
		if steps++; steps == 6 {
			stop()
		}
	}
	if err := tr.Run(ctx); !errors.Is(err, learn.ErrStopped) {
		t.Fatalf("stopped: %v, want ErrStopped", err)
	}
	stopped := flat(tr.Network)
	resumed := learn.Smears(t, 8, 64, 8, everything)
	if err := resumed.Resume(file); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(flat(resumed.Network), stopped) {
		t.Error("the checkpoint has other weights than the training that was stopped")
	}
	if err := resumed.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(resumed.History()) != 5 {
		t.Errorf("%d epochs, want 5", len(resumed.History()))
	}
}

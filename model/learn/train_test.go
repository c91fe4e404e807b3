package learn

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/build/drawn"
	"blastlens/model/augment"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

// smears is a training of a tiny network on n drawn smears a class, the last
// quarter of which judges.
func smears(t *testing.T, n, size, width int, r Recipe) *Training {
	t.Helper()
	classes := drawn.Classes()
	a := tiny(net.Plain, size, width)
	a.Classes = len(classes)
	network, err := New(a, r.Batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Close)
	randomise(network, r.Seed)
	for _, p := range network.Parameters { // as networks begin: batch-norms and biases neutral
		for i := range p.Value {
			switch p.Role {
			case net.Scale:
				p.Value[i] = 1
			case net.Shift, net.Bias:
				p.Value[i] = 0
			}
		}
	}
	tr := &Training{Recipe: r, Network: network, Identity: "drawn smears", Loader: &Loader{
		Preprocess: bundle.Preprocess{Size: size, Mean: [3]float32{.5, .5, .5}, Std: [3]float32{.25, .25, .25}}, Batch: r.Batch,
		Open: func(i int) (tensor.RGB8, error) {
			img, err := drawn.Draw(classes[i%len(classes)], uint64(i), size)
			if err != nil {
				return tensor.RGB8{}, err
			}
			p := tensor.NewRGB8(size, size)
			for k := range size * size {
				copy(p.Pix[3*k:3*k+3], img.Pix[4*k:])
			}
			return p, nil
		},
	}}
	for i := range n * len(classes) {
		tr.Labels = append(tr.Labels, i%len(classes))
		if i < n*len(classes)*3/4 {
			tr.Train = append(tr.Train, i)
		} else {
			tr.Valid = append(tr.Valid, i)
		}
	}
	return tr
}

func TestLearnsDrawnSmears(t *testing.T) {
	tr := smears(t, 240, 96, 16, Recipe{Epochs: 14, Batch: 16, Body: .01, Head: .01, Decay: .01, Seed: 1})
	turns, err := augment.Parse("flip,vflip,rot90")
	if err != nil {
		t.Fatal(err)
	}
	tr.Loader.Change = func(p tensor.RGB8, epoch, i int) tensor.RGB8 { return turns.Apply(p, augment.Rand(1, epoch, i)) }
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, balanced := tr.BestEpoch(); !(balanced > .95) {
		t.Errorf("balanced accuracy of the best epoch is %.3f, want above 0.95", balanced)
	}
}

var short = Recipe{Freeze: 1, Epochs: 2, Batch: 6, Body: .01, Head: .02, Decay: .01, Smoothing: .1, Mixup: .2, Clip: 1, EMA: .9, ClassEqual: true, Seed: 3}

// A training that is stopped and resumed in the middle of an epoch ends with the
// very weights of one that was not.
func TestResumeIsExact(t *testing.T) {
	whole := smears(t, 8, 64, 8, short)
	if err := whole.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "c", "checkpoint")
	cut := smears(t, 8, 64, 8, short)
	cut.Checkpoint = file
	ctx, stop := context.WithCancel(t.Context())
	steps := 0
	cut.Told = func(Progress) {
		if steps++; steps == 6 {
			stop()
		}
	}
	if err := cut.Run(ctx); !errors.Is(err, ErrStopped) {
		t.Fatalf("stopped: %v, want ErrStopped", err)
	}
	resumed := smears(t, 8, 64, 8, short)
	resumed.Checkpoint = file
	if err := resumed.Resume(file); err != nil {
		t.Fatal(err)
	}
	if err := resumed.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(whole.Network.take(), resumed.Network.take()) {
		t.Error("the resumed training ended with other weights")
	}
	if len(resumed.History()) != 3 || resumed.History()[2].Valid != whole.History()[2].Valid {
		t.Errorf("history %+v, want %+v", resumed.History(), whole.History())
	}
	if !whole.History()[0].Frozen || whole.History()[1].Frozen {
		t.Error("the first epoch was to be frozen, the second not")
	}
}

// While the body is frozen its convolutions stay, its batch-norms and the head learn.
func TestFrozenBody(t *testing.T) {
	tr := smears(t, 8, 64, 8, Recipe{Freeze: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
	before := tr.Network.Params()
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := tr.Network.Params()
	for _, p := range tr.Network.Parameters {
		changed := !slices.Equal(before[p.Name].Data, after[p.Name].Data)
		if want := p.Trainable(); changed != want {
			t.Errorf("%s changed: %v, want %v", p.Name, changed, want)
		}
	}
}

func TestCheckpointRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "checkpoint")
	tr := smears(t, 8, 64, 8, Recipe{Epochs: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
	tr.Checkpoint = file
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("not a checkpoint"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file, says string
		change           func(*Training)
	}{
		{"another network or split", file, "another network", func(tr *Training) { tr.Identity = "other" }},
		{"another recipe", file, "recipe", func(tr *Training) { tr.Recipe.Head = .5 }},
		{"no checkpoint", text, "text", func(*Training) {}},
		{"absent", text + "2", "text2", func(*Training) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := smears(t, 8, 64, 8, Recipe{Epochs: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
			c.change(tr)
			if err := tr.Resume(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that names %q", err, c.says)
			}
		})
	}
}

// A checkpoint that cannot be written leaves the one before as it is.
func TestCheckpointSurvives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(file, []byte("the one before"), 0o644); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	if err := writeWhole(file, func(f *os.File) error { f.WriteString("half"); return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want the disk's", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "the one before" {
		t.Errorf("the checkpoint is now %q", text)
	}
	if left, _ := filepath.Glob(file + ".part*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNotFiniteStops(t *testing.T) {
	tr := smears(t, 8, 64, 8, Recipe{Epochs: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
	for _, p := range tr.Network.Parameters {
		if p.Name == "blocks.1.0.bn2.weight" {
			p.Value[0] = float32(math.NaN())
		}
	}
	err := tr.Run(t.Context())
	if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "epoch 1, step 1") {
		t.Errorf("error %v, want ErrNotFinite in epoch 1, step 1", err)
	}
}

func TestRecipeRefuses(t *testing.T) {
	for name, change := range map[string]func(*Recipe){
		"batch of 1":   func(r *Recipe) { r.Batch = 1 },
		"no epochs":    func(r *Recipe) { r.Freeze, r.Epochs = 0, 0 },
		"no rate":      func(r *Recipe) { r.Body = 0 },
		"NaN rate":     func(r *Recipe) { r.Head = math.NaN() },
		"smoothing":    func(r *Recipe) { r.Smoothing = 1 },
		"EMA":          func(r *Recipe) { r.EMA = 1 },
		"mixup":        func(r *Recipe) { r.Mixup = -1 },
		"empty recipe": func(r *Recipe) { *r = Recipe{} },
	} {
		r := short
		change(&r)
		if r.Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for name, r := range Presets {
		if err := r.Check(); err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
	}
}

// The finder leaves the weights as they were.
func TestFindRestores(t *testing.T) {
	tr := smears(t, 8, 64, 8, Recipe{Epochs: 1, Batch: 6, Body: .01, Head: .01, Seed: 1})
	before := tr.Network.take()
	f, err := tr.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Rates) < 20 || !slices.Equal(before, tr.Network.take()) {
		t.Errorf("%d steps; weights restored: %v", len(f.Rates), slices.Equal(before, tr.Network.take()))
	}
}

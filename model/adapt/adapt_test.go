package adapt

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// blobs are n rows of width numbers in as many clouds as there are classes;
// only the last few columns tell them apart.
func blobs(seed uint64, n, width, classes int) (Features, []int) {
	r := rand.New(rand.NewPCG(seed, 1))
	f, labels := Features{Rows: n, Width: width, Data: make([]float32, n*width)}, make([]int, n)
	for i := range n {
		labels[i] = i % classes
		for c := range width {
			f.Row(i)[c] = 3 + 2*float32(r.NormFloat64())
			if c%classes == labels[i] && c >= width-4*classes {
				f.Row(i)[c] += 4
			}
		}
	}
	return f, labels
}

// The gradient that gorgonia derives, batch-norm and dropout included, must be
// the slope of the loss.
func TestGradientIsTheSlope(t *testing.T) {
	f, labels := blobs(3, 12, 9, 3)
	rows := upTo(12)
	chance := rand.New(rand.NewPCG(9, 9))
	h := &Fastai{Width: 9, Hidden: 7, Classes: 3, Norm1: newNorm(9), Norm2: newNorm(7), Linear1: kaiming(chance, 9, 7), Linear2: kaiming(chance, 7, 3)}
	h.Norm1.Mean, h.Norm1.Variance = f.statistics(rows)
	for i := range h.Norm2.Gamma {
		h.Norm2.Gamma[i], h.Norm2.Beta[i] = 1+.1*float32(i), .05*float32(i)
	}
	l := &Plain{Width: 9, Classes: 3, Weight: kaiming(chance, 9, 3), Bias: []float32{.1, -.2, .3}}
	for name, tp := range map[string]*tape{"fastai": h.tape(12, [2]float64{.25, .5}), "plain": l.tape(12, .25)} {
		t.Run(name, func(t *testing.T) {
			if tp.err != nil {
				t.Fatal(tp.err)
			}
			tp.fill(f.standardised(rows, h.Norm1.Mean, h.Norm1.Variance), labels, rows, .1, chance)
			machine := gorgonia.NewTapeMachine(tp.graph, gorgonia.BindDualValues(tp.learn()...))
			defer machine.Close()
			loss := func() float64 {
				machine.Reset()
				if err := machine.RunAll(); err != nil {
					t.Fatal(err)
				}
				return float64(tp.cost.Data().(float32))
			}
			loss() // gradients exist from the first run on, and add up
			for _, p := range tp.params {
				for at := 0; at < len(p.value); at += max(1, len(p.value)/6) {
					zero(tp)
					loss()
					grad, err := p.node.Grad()
					if err != nil {
						t.Fatal(err)
					}
					got := float64(grad.Data().([]float32)[at])
					const d = 2e-3
					was := p.value[at]
					p.value[at] = was + d
					up := loss()
					p.value[at] = was - d
					down := loss()
					p.value[at] = was
					if want := (up - down) / (2 * d); math.Abs(got-want) > 2e-3+.03*math.Abs(want) {
						t.Errorf("%s[%d]: gradient %.5f, slope %.5f", p.node.Name(), at, got, want)
					}
				}
			}
		})
	}
}

func zero(tp *tape) {
	for _, p := range tp.params {
		if g, err := p.node.Grad(); err == nil {
			g.(*tensor.Dense).Zero()
		}
	}
}

func TestHeadsLearnAndRepeat(t *testing.T) {
	f, labels := blobs(1, 400, 40, 4)
	train, test := upTo(400)[:300], upTo(400)[300:]
	o := Options{Seed: 5, Epochs: 12, Batch: 50, LearnRate: .01, WeightDecay: .01, Dropout: [2]float64{.25, .5}}
	fastai := func() (Head, []float64, error) { return TrainFastai(f, labels, train, 4, 32, o) }
	plain := func() (Head, []float64, error) { return TrainPlain(f, labels, train, 4, o) }
	for name, training := range map[string]func() (Head, []float64, error){"fastai": fastai, "plain": plain} {
		t.Run(name, func(t *testing.T) {
			a, losses, err := training()
			if err != nil {
				t.Fatal(err)
			}
			right := 0
			for k, answer := range Answers(a.Logits(f, test), 4) {
				if answer == labels[test[k]] {
					right++
				}
			}
			if right < 90 {
				t.Errorf("%d of 100 right, want at least 90 (losses %.3f)", right, losses)
			}
			if losses[len(losses)-1] > losses[0]/2 {
				t.Errorf("the loss went from %.3f to %.3f", losses[0], losses[len(losses)-1])
			}
			b, _, _ := training()
			if !slices.Equal(a.Logits(f, test), b.Logits(f, test)) {
				t.Error("the same seed trained two different heads")
			}
		})
	}
}

func TestTrainRefuses(t *testing.T) {
	f, labels := blobs(1, 10, 6, 2)
	o := Options{Epochs: 1, Batch: 4, LearnRate: .01}
	for name, c := range map[string]struct {
		labels, rows []int
		classes      int
	}{
		"a label out of range": {labels, upTo(10), 1},
		"one picture":          {labels, []int{3}, 2},
		"labels missing":       {labels[:5], upTo(10), 2},
	} {
		if _, _, err := TrainPlain(f, c.labels, c.rows, c.classes, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

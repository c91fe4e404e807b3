package learn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/kernel/parallel"
)

// fastai is testdata/finder.json, which finder.py wrote with fastai.
func fastaiGolden(t *testing.T) (g struct {
	Curves []struct {
		Losses      []float64
		Suggestions map[string]float64
	}
	Schedule [][2]float64
	Adam     [][]float64
}) {
	t.Helper()
	text, err := os.ReadFile("testdata/finder.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within*math.Abs(b) }

func TestSuggestionsAsFastai(t *testing.T) {
	for k, c := range fastaiGolden(t).Curves {
		f := &Finder{Losses: c.Losses}
		for i := range c.Losses {
			f.Rates = append(f.Rates, FinderRate(i))
		}
		got := f.Suggestions()
		if len(got) != len(c.Suggestions) {
			t.Fatalf("curve %d: %d suggestions, want %d", k, len(got), len(c.Suggestions))
		}
		for _, s := range got {
			if !near(s.Rate, c.Suggestions[s.Rule], 1e-6) {
				t.Errorf("curve %d: %s is %g, fastai says %g", k, s.Rule, s.Rate, c.Suggestions[s.Rule])
			}
		}
	}
}

func TestFinderStops(t *testing.T) {
	f := &Finder{}
	for i := 0; f.Add(1); i++ {
		if i > FinderSteps {
			t.Fatal("a flat loss is followed for ever")
		}
	}
	if len(f.Rates) != FinderSteps || f.Rates[0] != lowestRate || f.Suggestions() == nil {
		t.Errorf("%d steps from %g", len(f.Rates), f.Rates[0])
	}
	f = &Finder{}
	steps := 0
	for f.Add(math.Exp(float64(steps) / 4)) {
		steps++
	}
	if steps >= FinderSteps-1 {
		t.Error("a loss that explodes is followed to the end")
	}
	if f = (&Finder{}); f.Add(math.NaN()) {
		t.Error("NaN is followed")
	}
}

func TestOneCycleAsFastai(t *testing.T) {
	want := fastaiGolden(t).Schedule
	o := OneCycle{Body: 1e-2, Head: 1e-1, Steps: len(want)}
	for i, w := range want {
		got := o.At(i)
		if !near(got.Body, 1e-2*w[0], 1e-5) || !near(got.Head, 1e-1*w[0], 1e-5) || !near(got.Momentum, w[1], 1e-6) {
			t.Errorf("step %d: %+v, fastai says %v of the highest and momentum %v", i, got, w[0], w[1])
		}
	}
}

func TestAdamWAsFastai(t *testing.T) {
	p := &Parameter{Tensor: net.Tensor{Name: "w", Shape: []int{2, 3}, Role: net.Weight}, Value: make([]float32, 6), Grad: make([]float32, 6)}
	for i := range p.Value {
		p.Value[i] = -1 + .4*float32(i)
	}
	a := NewAdamW(&Network{Parameters: []*Parameter{p}, threads: parallel.New(1)})
	for k, want := range fastaiGolden(t).Adam {
		for i := range p.Grad {
			p.Grad[i] = float32(math.Sin(float64(i+k)) * (.1 + float64(k)))
		}
		a.Update(Rates{Body: .02, Head: 9, Momentum: .9})
		for i, w := range want {
			if math.Abs(float64(p.Value[i])-w) > 2e-6 {
				t.Fatalf("step %d, value %d: %v, fastai says %v", k, i, p.Value[i], w)
			}
		}
	}
	p.Role = net.Bias
	p.Value[0], p.Grad[0] = 1, 0
	a = NewAdamW(a.n)
	a.Update(Rates{Body: .02, Momentum: .9})
	if p.Value[0] != 1 {
		t.Errorf("a bias without a gradient went from 1 to %v: it decays", p.Value[0])
	}
}

func TestCrossEntropyIsTheMeanLogLoss(t *testing.T) {
	logits, target, d := []float32{2, 0, -1, 0, 0, 0}, make([]float32, 6), make([]float32, 6)
	Targets(target, []int{0, 2}, 3, 0, nil)
	loss := CrossEntropy(d, logits, target, 2)
	want := (math.Log(1+math.Exp(-2)+math.Exp(-3)) + math.Log(3)) / 2
	if !near(loss, want, 1e-6) {
		t.Errorf("loss %v, want %v", loss, want)
	}
	Targets(target, []int{1, 1}, 3, .3, []float64{1, 2, 1})
	for c, want := range []float32{.2, 1.6, .2} {
		if math.Abs(float64(target[c]-want)) > 1e-6 {
			t.Errorf("smoothed and weighted target %v, want 0.2 1.6 0.2", target[:3])
		}
	}
	for i := range logits {
		const h = 1e-2
		up, down := append([]float32(nil), logits...), append([]float32(nil), logits...)
		up[i] += h
		down[i] -= h
		CrossEntropy(d, logits, target, 2)
		slope := (CrossEntropy(make([]float32, 6), up, target, 2) - CrossEntropy(make([]float32, 6), down, target, 2)) / (2 * h)
		if math.Abs(float64(d[i])-slope) > 1e-3 {
			t.Errorf("logit %d: gradient %v, slope %v", i, d[i], slope)
		}
	}
	if w := ClassWeights([]int{0, 0, 0, 1}, 2); !near(w[0], 2./3, 1e-9) || !near(w[1], 2, 1e-9) {
		t.Errorf("class weights %v, want 2/3 and 2", w)
	}
}

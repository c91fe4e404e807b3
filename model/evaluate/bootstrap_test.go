package evaluate

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// Pictures of one slide stand or fall together; intervals have to know.
func TestIntervalWidensWithGroups(t *testing.T) {
	// 200 slides of 5 pictures; on every fifth slide all answers are wrong.
	var truth, answers, slides []int
	for slide := range 200 {
		for range 5 {
			class := slide % 2
			truth, slides = append(truth, class), append(slides, slide)
			if slide%5 == 0 {
				class = 1 - class
			}
			answers = append(answers, class)
		}
	}
	width := func(groups []int) float64 {
		m, err := Measure([]string{"a", "b"}, truth, certain(2, answers...), groups, 1)
		if err != nil {
			t.Fatal(err)
		}
		a := m.Accuracy
		if a.Value != .8 || !(a.Low < .8 && .8 < a.High) {
			t.Fatalf("accuracy %v, want 0.8 inside its interval", a)
		}
		return a.High - a.Low
	}
	// The normal approximation: 2 * 1.96 * sqrt(p(1-p)/n), n pictures or n slides.
	normal := func(n float64) float64 { return 2 * 1.96 * math.Sqrt(.8*.2/n) }
	single, grouped := width(nil), width(slides)
	if math.Abs(single/normal(1000)-1) > .1 {
		t.Errorf("drawn one by one the interval is %.4f wide, want about %.4f", single, normal(1000))
	}
	if math.Abs(grouped/normal(200)-1) > .1 {
		t.Errorf("drawn by slide the interval is %.4f wide, want about %.4f", grouped, normal(200))
	}
}

func TestBootstrap(t *testing.T) {
	g := golden{Seed: 3, Pictures: 60, Classes: 3, Levels: 16, Bonus: 8}
	names, truth, probabilities := g.draw()
	var groups []int
	for i := range truth {
		groups = append(groups, i/7)
	}
	measure := func(groups []int, seed uint64) Metrics {
		m, err := Measure(names, truth, probabilities, groups, seed)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := measure(groups, 1)
	if m.Groups != 9 || m.Resamples != Resamples {
		t.Errorf("%d groups and %d resamples, want 9 and %d", m.Groups, m.Resamples, Resamples)
	}
	for k, e := range m.estimates() {
		if !e.Interval() || !(e.Low < e.High) {
			t.Errorf("figure %d has no interval: %v", k, *e)
		}
	}
	if !reflect.DeepEqual(m, measure(groups, 1)) {
		t.Error("the same seed gave other intervals")
	}
	if m.Brier == measure(groups, 2).Brier {
		t.Error("another seed gave the same interval")
	}
	if one := measure(make([]int, len(truth)), 1).Accuracy; one.Interval() || !one.Defined() {
		t.Errorf("one group alone gave %v, want a value without bounds", one)
	}
}

// A class with a single picture is absent from a third of all resamples, one
// without pictures from all: neither may put a NaN into JSON.
func TestRareClass(t *testing.T) {
	truth := []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 2}
	m, err := Measure([]string{"a", "b", "rare", "absent"}, truth, certain(4, 0, 0, 1, 0, 0, 1, 1, 1, 1, 2), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if rare := m.Classes[2].Recall; rare != (Estimate{1, 1, 1}) {
		t.Errorf("recall of the rare class is %v, want 1 wherever it was drawn", rare)
	}
	if absent := m.Classes[3].Recall; absent.Defined() || absent.Interval() {
		t.Errorf("recall of the absent class is %v, want none", absent)
	}
	if !m.Macro.Recall.Interval() {
		t.Error("the mean recall lost its interval")
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `"recall":{"value":null,"low":null,"high":null}`) {
		t.Errorf("JSON does not have null for what is not defined: %s", raw)
	}
	var back Metrics
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if back.Accuracy != m.Accuracy || back.Classes[3].Recall.Defined() || back.Classes[1].Name != "b" {
		t.Errorf("JSON came back as %+v", back)
	}
}

func TestEstimateInWords(t *testing.T) {
	nan := math.NaN()
	for want, e := range map[string]Estimate{
		"0.9684 (0.9551 to 0.9780)": {.96841, .9551, .978},
		"0.5000":                    {.5, nan, nan},
		"not defined":               {nan, nan, nan},
	} {
		if got := e.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	g := golden{Seed: 1, Pictures: 2644, Classes: 4, Levels: 1 << 16, Bonus: 1 << 16}
	names, truth, probabilities := g.draw()
	for b.Loop() {
		if _, err := Measure(names, truth, probabilities, nil, 1); err != nil {
			b.Fatal(err)
		}
	}
}

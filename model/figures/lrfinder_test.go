package figures

import (
	"math"
	"strings"
	"testing"
)

// invented has the shape of every such run: flat, down a slope, and up again.
func invented() LRFind {
	var f LRFind
	for i := range 100 {
		x := float64(i)/99*8 - 7
		f.Rates = append(f.Rates, math.Pow(10, x))
		f.Losses = append(f.Losses, 1.9-1.4/(1+math.Exp(-2.2*(x+3)))+math.Exp(3.2*(x-.3))*.35)
	}
	f.Suggestions = []Suggestion{{"valley", 2.1e-3}, {"steep", 1e-3}, {"slide", 4.4e-2}, {"minimum", 1.6e-2}}
	return f
}

func TestLRFinder(t *testing.T) {
	file, err := LRFinder("Learning-rate finder", invented())
	look(t, "lr-finder", file, err)
	tests := []struct {
		name   string
		change func(*LRFind)
		want   string
	}{
		{"a loss that lacks", func(f *LRFind) { f.Losses = f.Losses[1:] }, "100 x and 99 y"},
		{"rates that fall", func(f *LRFind) { f.Rates[3] = 1 }, "rising"},
		{"a rate of 0", func(f *LRFind) { f.Rates[0] = 0 }, "above 0"},
		{"a suggestion beyond the run", func(f *LRFind) { f.Suggestions[2].Rate = 20 }, "slide: rate 20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := invented()
			tt.change(&f)
			if _, err := LRFinder("x", f); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

func TestLossAtARate(t *testing.T) {
	f := LRFind{Rates: []float64{1e-3, 1e-1}, Losses: []float64{2, 1}}
	for rate, want := range map[float64]float64{1e-3: 2, 1e-2: 1.5, 1e-1: 1} {
		if got, err := f.at(rate); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("loss at %g is %v, %v; want %v", rate, got, err, want)
		}
	}
}

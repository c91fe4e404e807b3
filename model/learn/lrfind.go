package learn

import (
	"math"
	"slices"
)

// Finder is the learning-rate range test (Smith 2015) as in fastai's lr_find:
// the rate grows from Lowest to Highest over Steps batches, and the test ends
// when the smoothed loss is four times its best.
type Finder struct {
	Rates  []float64 `json:"rates"`
	Losses []float64 `json:"losses"` // smoothed

	best, average float64
}

const (
	lowestRate, highestRate = 1e-7, 10
	FinderSteps             = 100
	smoothing               = .98
	hopeless                = 4 // times the best loss
)

// FinderRate is the rate of step i.
func FinderRate(i int) float64 {
	return lowestRate * math.Pow(highestRate/lowestRate, float64(i)/FinderSteps)
}

// Add records the loss of the next step and reports whether to go on.
func (f *Finder) Add(loss float64) bool {
	f.average = smoothing*f.average + (1-smoothing)*loss
	smooth := f.average / (1 - math.Pow(smoothing, float64(len(f.Losses)+1)))
	f.Rates, f.Losses = append(f.Rates, FinderRate(len(f.Rates))), append(f.Losses, smooth)
	if len(f.Losses) == 1 || smooth < f.best {
		f.best = smooth
	}
	return !(smooth > hopeless*f.best) && !math.IsNaN(smooth) && len(f.Losses) < FinderSteps
}

// Suggestion is a learning rate that a rule reads off the curve.
type Suggestion struct {
	Rule string  `json:"rule"` // valley, steep, slide, minimum
	Rate float64 `json:"rate"`
}

// Suggestions apply fastai's four rules; fewer than 20 steps give none. As there,
// the first tenth of the steps and the last five are left out.
func (f *Finder) Suggestions() []Suggestion {
	n := len(f.Losses) - 5
	if n < FinderSteps/10+5 {
		return nil
	}
	rates, losses := f.Rates[FinderSteps/10:n], f.Losses[FinderSteps/10:n]
	return []Suggestion{
		{"valley", valley(rates, losses)}, {"steep", steep(rates, losses)},
		{"slide", slide(rates, losses)}, {"minimum", rates[slices.Index(losses, slices.Min(losses))] / 10},
	}
}

// valley is in the middle of the longest falling stretch, two thirds down.
func valley(rates, losses []float64) float64 {
	length, end := make([]int, len(losses)), 0 // of the longest falling subsequence that ends at i
	for i := range losses {
		length[i] = 1
		for j := range i {
			if losses[i] < losses[j] {
				length[i] = max(length[i], length[j]+1)
			}
		}
		if length[end] < length[i] {
			end = i
		}
	}
	start := end - length[end]
	section := float64(end-start) / 3
	return rates[max(0, start+int(section)+int(section/2))]
}

// steep is where the loss falls fastest over the logarithm of the rate.
func steep(rates, losses []float64) float64 {
	best, at := math.Inf(1), 0
	for i := 1; i < len(losses); i++ {
		if slope := (losses[i] - losses[i-1]) / (math.Log(rates[i]) - math.Log(rates[i-1])); slope < best {
			best, at = slope, i-1
		}
	}
	return rates[at]
}

// slide goes back from the end until the slope no longer changes over 15 steps.
func slide(rates, losses []float64) float64 {
	const apart, threshold = 15, .005
	slope := gradient(losses)
	right, left := len(losses)-1, len(losses)-1-apart
	if left < 0 {
		return rates[0]
	}
	rate := rates[left]
	for left >= 0 && math.Abs(slope[right]-slope[left]) > threshold {
		rate = rates[left]
		right, left = right-1, left-1
	}
	return rate
}

// gradient is the slope at each value, central inside and one-sided at the ends.
func gradient(y []float64) []float64 {
	g := make([]float64, len(y))
	for i := range y {
		lo, hi := max(0, i-1), min(len(y)-1, i+1)
		g[i] = (y[hi] - y[lo]) / float64(hi-lo)
	}
	return g
}

package figures

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Suggestion is a learning rate that a rule reads from a learning-rate finder's
// curve, such as fastai's valley, steep, slide or minimum.
type Suggestion struct {
	Name string
	Rate float64
}

// LRFind is a run of the learning-rate finder: the loss at each rate, rates
// rising and above 0, and what rules suggest, in the order of the legend.
type LRFind struct {
	Rates, Losses []float64
	Suggestions   []Suggestion
}

// LRFinder shows loss over learning rate, which is logarithmic, and marks the
// suggestions on the curve.
func LRFinder(title string, f LRFind) ([]byte, error) {
	p := newPlot(title, "learning rate", "loss")
	p.Add(rulings())
	curve, err := line(f.Rates, f.Losses, ink[0], 2)
	if err != nil {
		return nil, fmt.Errorf("figures: %s: rates and losses: %w", title, err)
	}
	if f.Rates[0] <= 0 || !slices.IsSorted(f.Rates) {
		return nil, fmt.Errorf("figures: %s: rates from %g to %g, want them rising and above 0", title, f.Rates[0], f.Rates[len(f.Rates)-1])
	}
	p.Add(curve)
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CircleGlyph{}}
	for i, s := range f.Suggestions {
		y, err := f.at(s.Rate)
		if err != nil {
			return nil, fmt.Errorf("figures: %s: suggestion %s: %w", title, s.Name, err)
		}
		mark, err := line([]float64{s.Rate}, []float64{y}, ink[1+i%(len(ink)-1)], 2)
		if err != nil {
			return nil, fmt.Errorf("figures: %s: %w", title, err)
		}
		disc := dots(mark, 5)
		disc.Shape = shapes[i%len(shapes)]
		p.Add(disc)
		p.Legend.Add(fmt.Sprintf("%s %.1e", s.Name, s.Rate), disc)
	}
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = decades{}
	p.Legend.Left = true
	p.Legend.YOffs = -vg.Points(6)
	p.Legend.XOffs = vg.Points(8)
	spread := p.Y.Max - p.Y.Min
	p.Y.Min, p.Y.Max = p.Y.Min-.08*spread, p.Y.Max+.05*spread
	return encode(p, 6.4, 4)
}

// at is the loss at a rate, between its neighbours along the logarithm.
func (f LRFind) at(rate float64) (float64, error) {
	last := len(f.Rates) - 1
	if !(rate >= f.Rates[0] && rate <= f.Rates[last]) {
		return 0, fmt.Errorf("rate %g lies outside the run, %g to %g", rate, f.Rates[0], f.Rates[last])
	}
	above := sort.SearchFloat64s(f.Rates, rate)
	if f.Rates[above] == rate {
		return f.Losses[above], nil
	}
	share := math.Log(rate/f.Rates[above-1]) / math.Log(f.Rates[above]/f.Rates[above-1])
	return f.Losses[above-1] + share*(f.Losses[above]-f.Losses[above-1]), nil
}

// decades labels powers of ten, and marks 2 to 9 times each without a label.
type decades struct{}

func (decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := int(math.Floor(math.Log10(low))); e <= int(math.Ceil(math.Log10(high))); e++ {
		for k := 1; k < 10; k++ {
			t := plot.Tick{Value: float64(k) * math.Pow10(e)}
			if k == 1 {
				t.Label = fmt.Sprintf("1e%d", e)
			}
			if t.Value >= low && t.Value <= high {
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

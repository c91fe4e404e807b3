package learn

import "math"

// OneCycle is Smith's 1cycle policy (2018) as in fastai's fit_one_cycle: the
// rate rises from highest/25 to highest in the first quarter of the steps and
// falls to highest/1e5 in the rest, momentum moves from 0.95 to 0.85 and back,
// cosine both ways.
type OneCycle struct {
	Body, Head float64 // highest rates
	Steps      int
}

const (
	rise              = .25
	divStart, divEnd  = 25, 1e5
	slowest, quickest = .95, .85 // momentum
)

// At is the rates of step i of Steps, counted from 0.
func (o OneCycle) At(i int) Rates {
	t := float64(i) / float64(o.Steps)
	if t < rise {
		s := cosine(1./divStart, 1, t/rise)
		return Rates{o.Body * s, o.Head * s, cosine(slowest, quickest, t/rise)}
	}
	t = (t - rise) / (1 - rise)
	s := cosine(1, 1./divEnd, t)
	return Rates{o.Body * s, o.Head * s, cosine(quickest, slowest, t)}
}

func cosine(from, to, t float64) float64 { return from + (to-from)*(1-math.Cos(math.Pi*t))/2 }

package evaluate

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// Resamples is how often the bootstrap draws.
	Resamples = 2000
	// outside is the share of resamples beyond each bound of a 95 % interval.
	outside = 0.025
)

// bootstrap gives every figure of m its interval (percentile method, Efron
// 1979): as many groups as there are are drawn with replacement, and each
// counts with all its pictures. Pictures of a group (a slide, a patient) are not
// independent; drawing single pictures would make the interval too narrow. A
// figure that a resample leaves undefined, as by a class without pictures, does
// without that resample. One group alone says nothing about spread: no bounds.
func (m *Metrics) bootstrap(s *sample, groups []int) {
	members := map[int][]int{}
	for i, g := range groups {
		members[g] = append(members[g], i)
	}
	var names []int
	for g := range members {
		names = append(names, g)
	}
	slices.Sort(names)
	m.Groups = len(names)
	figures := m.estimates()
	if len(names) < 2 {
		for _, e := range figures {
			e.Low, e.High = math.NaN(), math.NaN()
		}
		return
	}
	drawn := make([][]float64, len(figures))
	random := rand.New(rand.NewPCG(m.Seed, 0xb007))
	for range Resamples {
		clear(s.weights)
		for range names {
			for _, i := range members[names[random.IntN(len(names))]] {
				s.weights[i]++
			}
		}
		resample := Metrics{Classes: make([]ClassMetrics, len(m.Classes))}
		resample.compute(s)
		for k, e := range resample.estimates() {
			if e.Defined() {
				drawn[k] = append(drawn[k], e.Value)
			}
		}
	}
	for k, e := range figures {
		slices.Sort(drawn[k])
		e.Low, e.High = quantile(drawn[k], outside), quantile(drawn[k], 1-outside)
		if !e.Defined() {
			e.Low, e.High = math.NaN(), math.NaN()
		}
	}
}

// quantile interpolates linearly between order statistics, as numpy does; NaN
// of nothing.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := share * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

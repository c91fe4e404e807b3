package evaluate

import (
	"cmp"
	"slices"
)

// sample is judged pictures, each counted as often as its weight says: a
// resample of the bootstrap differs from the whole in its weights only, so that
// nothing is sorted twice.
type sample struct {
	classes       int
	truth, answer []int
	top           []float64   // probability of the answer
	probabilities [][]float64 // [pictures][classes]
	weights       []int
	rankings      []Ranking // a class
	rising        []int     // pictures by rising top probability
}

// newSample answers each picture with its most probable class, the first among equals.
func newSample(classes int, truth []int, probabilities [][]float64) *sample {
	s := &sample{classes: classes, truth: truth, probabilities: probabilities, weights: make([]int, len(truth))}
	for i, p := range probabilities {
		answer := 0
		for class, v := range p {
			if v > p[answer] {
				answer = class
			}
		}
		s.answer, s.top = append(s.answer, answer), append(s.top, p[answer])
		s.rising = append(s.rising, i)
		s.weights[i] = 1
	}
	for class := range classes {
		r := RankClass(class, truth, probabilities)
		r.weights = s.weights
		s.rankings = append(s.rankings, r)
	}
	slices.SortStableFunc(s.rising, func(a, b int) int { return cmp.Compare(s.top[a], s.top[b]) })
	return s
}

func (s *sample) confusion() Confusion {
	c := make(Confusion, s.classes)
	for class := range c {
		c[class] = make([]int, s.classes)
	}
	for i, w := range s.weights {
		c[s.truth[i]][s.answer[i]] += w
	}
	return c
}

// size is the number of pictures, counted by weight.
func (s *sample) size() int {
	n := 0
	for _, w := range s.weights {
		n += w
	}
	return n
}

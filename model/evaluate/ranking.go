package evaluate

import (
	"cmp"
	"slices"
)

// Point is one point of a curve, both in 0..1.
type Point struct{ X, Y float64 }

// Ranking orders pictures by one class's probability, to see how well it parts
// the pictures of that class, the positive ones, from all others.
type Ranking struct {
	scores   []float64
	positive []bool
	order    []int // pictures, from the highest score down
	weights  []int // how often each picture counts; nil is once
}

// Rank orders pictures by score; both slices have one element a picture.
func Rank(positive []bool, scores []float64) Ranking {
	r := Ranking{scores: scores, positive: positive, order: make([]int, len(scores))}
	for i := range r.order {
		r.order[i] = i
	}
	slices.SortStableFunc(r.order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return r
}

// RankClass ranks by the probability of class, one against the rest.
// probabilities is [pictures][classes].
func RankClass(class int, truth []int, probabilities [][]float64) Ranking {
	positive, scores := make([]bool, len(truth)), make([]float64, len(truth))
	for i, t := range truth {
		positive[i], scores[i] = t == class, probabilities[i][class]
	}
	return Rank(positive, scores)
}

// thresholds visits each distinct score from the highest down, with the
// positives and negatives at or above it. Pictures of equal score are one step:
// no threshold can part them.
func (r Ranking) thresholds(visit func(truePositives, falsePositives int)) {
	tp, fp := 0, 0
	for at, i := range r.order {
		weight := 1
		if r.weights != nil {
			weight = r.weights[i]
		}
		if r.positive[i] {
			tp += weight
		} else {
			fp += weight
		}
		if at+1 == len(r.order) || r.scores[r.order[at+1]] != r.scores[i] {
			visit(tp, fp)
		}
	}
}

// totals are the positives and the negatives.
func (r Ranking) totals() (positives, negatives int) {
	r.thresholds(func(tp, fp int) { positives, negatives = tp, fp })
	return
}

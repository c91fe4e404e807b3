// Package evaluate measures answers against labels, and the controls that a
// network has to beat before its figures mean anything.
package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// Confusion counts answers: rows are the true classes, columns the predicted ones.
type Confusion [][]int

// NewConfusion counts pairs of truth and answer among n classes.
func NewConfusion(n int, truth, answer []int) Confusion {
	c := make(Confusion, n)
	for i := range c {
		c[i] = make([]int, n)
	}
	for i, t := range truth {
		c[t][answer[i]]++
	}
	return c
}

// Accuracy is the share of right answers; NaN if there are none.
func (c Confusion) Accuracy() float64 {
	right, all := 0, 0
	for t, row := range c {
		right += row[t]
		for _, n := range row {
			all += n
		}
	}
	return float64(right) / float64(all)
}

// Recall is the share of a class's pictures that were recognised; NaN for a
// class without pictures.
func (c Confusion) Recall(class int) float64 {
	all := 0
	for _, n := range c[class] {
		all += n
	}
	return float64(c[class][class]) / float64(all)
}

// Recalls is the recall of each class, 0 for one without pictures (JSON has no NaN).
func (c Confusion) Recalls() []float64 {
	all := make([]float64, len(c))
	for class := range c {
		if r := c.Recall(class); !math.IsNaN(r) {
			all[class] = r
		}
	}
	return all
}

// Balanced is the mean recall over the classes that have pictures: it does not
// reward guessing the largest class.
func (c Confusion) Balanced() float64 {
	sum, n := 0.0, 0
	for class := range c {
		if r := c.Recall(class); !math.IsNaN(r) {
			sum, n = sum+r, n+1
		}
	}
	return sum / float64(n)
}

// Neighbours is the colour-only control: it answers each test row with the
// class most frequent among the k training rows nearest to it (Euclidean
// distance on the numbers as they are, unscaled). Between classes equally
// frequent the one of the nearest row wins.
func Neighbours(k int, colours [][6]float64, labels, train, test []int) []int {
	type near struct {
		distance float64
		row      int
	}
	answers := make([]int, len(test))
	for at, i := range test {
		all := make([]near, len(train))
		for j, row := range train {
			d := 0.0
			for c := range colours[i] {
				diff := colours[i][c] - colours[row][c]
				d += diff * diff
			}
			all[j] = near{d, row}
		}
		slices.SortFunc(all, func(a, b near) int {
			return cmp.Or(cmp.Compare(a.distance, b.distance), a.row-b.row)
		})
		votes := map[int]int{}
		for _, n := range all[:min(k, len(all))] {
			votes[labels[n.row]]++
		}
		best := labels[all[0].row]
		for _, n := range all[:min(k, len(all))] {
			if votes[labels[n.row]] > votes[best] {
				best = labels[n.row]
			}
		}
		answers[at] = best
	}
	return answers
}

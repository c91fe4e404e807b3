package evaluate

import "math"

// against counts the answers of one class against all others.
func (c Confusion) against(class int) (truePositives, falsePositives, falseNegatives, trueNegatives int) {
	for t, row := range c {
		for a, n := range row {
			switch {
			case t == class && a == class:
				truePositives += n
			case a == class:
				falsePositives += n
			case t == class:
				falseNegatives += n
			default:
				trueNegatives += n
			}
		}
	}
	return
}

// Precision is the share of the answers "class" that were right: 0 if it was
// never answered (scikit-learn's zero_division=0), NaN for a class without pictures.
func (c Confusion) Precision(class int) float64 {
	tp, fp, fn, _ := c.against(class)
	switch {
	case tp+fn == 0:
		return math.NaN()
	case tp+fp == 0:
		return 0
	}
	return float64(tp) / float64(tp+fp)
}

// Specificity is the share of the pictures of other classes that were not taken
// for this one; NaN if there are none.
func (c Confusion) Specificity(class int) float64 {
	_, fp, _, tn := c.against(class)
	return float64(tn) / float64(tn+fp)
}

// F is the weighted harmonic mean of precision and recall in which recall counts
// beta times as much; NaN for a class without pictures.
func (c Confusion) F(class int, beta float64) float64 {
	tp, fp, fn, _ := c.against(class)
	if tp+fn == 0 {
		return math.NaN()
	}
	b := beta * beta
	return (1 + b) * float64(tp) / ((1+b)*float64(tp) + b*float64(fn) + float64(fp))
}

// macro is the mean of figure over the n classes for which it is defined; NaN
// if it is for none.
func macro(n int, figure func(class int) float64) float64 {
	sum, defined := 0.0, 0
	for class := range n {
		if v := figure(class); !math.IsNaN(v) {
			sum, defined = sum+v, defined+1
		}
	}
	return sum / float64(defined)
}

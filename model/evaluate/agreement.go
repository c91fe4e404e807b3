package evaluate

import "math"

// marginals are the number of pictures, of right answers, of each class's
// pictures and of each class's answers.
func (c Confusion) marginals() (all, right float64, truths, answers []float64) {
	truths, answers = make([]float64, len(c)), make([]float64, len(c))
	for t, row := range c {
		right += float64(row[t])
		for a, n := range row {
			all += float64(n)
			truths[t] += float64(n)
			answers[a] += float64(n)
		}
	}
	return
}

// Kappa is Cohen's: how much of the agreement that chance leaves open was
// reached (Cohen 1960). NaN if truth and answers are all of one class, where
// chance leaves nothing open.
func (c Confusion) Kappa() float64 {
	all, right, truths, answers := c.marginals()
	chance := 0.0
	for k := range c {
		chance += truths[k] * answers[k]
	}
	return (right*all - chance) / (all*all - chance)
}

// Matthews is the correlation of truth and answers, for many classes R_K
// (Gorodkin 2004); 0, as in scikit-learn, if either is all of one class.
func (c Confusion) Matthews() float64 {
	all, right, truths, answers := c.marginals()
	both, truth, answer := right*all, all*all, all*all
	for k := range c {
		both -= truths[k] * answers[k]
		truth -= truths[k] * truths[k]
		answer -= answers[k] * answers[k]
	}
	if truth == 0 || answer == 0 {
		return 0
	}
	return both / math.Sqrt(truth) / math.Sqrt(answer)
}

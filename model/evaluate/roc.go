package evaluate

// ROC is the receiver operating characteristic: the true positive rate (Y) over
// the false positive rate (X), from (0,0) to (1,1), a point each distinct score.
// It is nil without positives or without negatives.
func (r Ranking) ROC() []Point {
	positives, negatives := r.totals()
	if positives == 0 || negatives == 0 {
		return nil
	}
	curve := []Point{{}}
	r.thresholds(func(tp, fp int) {
		curve = append(curve, Point{float64(fp) / float64(negatives), float64(tp) / float64(positives)})
	})
	return curve
}

// AUC is the area under ROC: the chance that a positive outranks a negative,
// where a tie counts half. NaN without positives or without negatives.
func (r Ranking) AUC() float64 {
	twice, beforeTP, beforeFP := 0, 0, 0
	r.thresholds(func(tp, fp int) {
		twice += (fp - beforeFP) * (tp + beforeTP)
		beforeTP, beforeFP = tp, fp
	})
	return float64(twice) / (2 * float64(beforeTP) * float64(beforeFP))
}

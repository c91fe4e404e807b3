package evaluate

import "math"

// PrecisionRecall is precision (Y) over recall (X), from recall 0, where
// precision is 1 by convention, a point each distinct score. It is nil without positives.
func (r Ranking) PrecisionRecall() []Point {
	positives, _ := r.totals()
	if positives == 0 {
		return nil
	}
	curve := []Point{{0, 1}}
	r.thresholds(func(tp, fp int) {
		curve = append(curve, Point{float64(tp) / float64(positives), float64(tp) / float64(tp+fp)})
	})
	return curve
}

// AveragePrecision is the sum over thresholds of precision times the recall
// gained there, without interpolation, as in scikit-learn. NaN without positives.
func (r Ranking) AveragePrecision() float64 {
	sum, before := 0.0, 0
	r.thresholds(func(tp, fp int) {
		if tp > before {
			sum += float64(tp-before) * float64(tp) / float64(tp+fp)
		}
		before = tp
	})
	if before == 0 {
		return math.NaN()
	}
	return sum / float64(before)
}

package evaluate

import (
	"fmt"
	"math"
)

// Rates are the figures that a class has against all others, and their means
// over the classes (macro). Recall is also called sensitivity.
type Rates struct {
	Precision        Estimate `json:"precision"`
	Recall           Estimate `json:"recall"`
	Specificity      Estimate `json:"specificity"`
	F1               Estimate `json:"f1"`
	F2               Estimate `json:"f2"`
	AUC              Estimate `json:"auc"`
	AveragePrecision Estimate `json:"average_precision"`
}

// ClassMetrics are the rates of one class; not defined if it has no pictures.
type ClassMetrics struct {
	Name     string `json:"name"`
	Pictures int    `json:"pictures"`
	Rates
}

// Metrics is all that is measured on pictures whose classes are known. Every
// figure has an interval by bootstrap over groups.
type Metrics struct {
	Pictures    int            `json:"pictures"`
	Groups      int            `json:"groups"` // what the bootstrap draws
	Resamples   int            `json:"resamples"`
	Seed        uint64         `json:"seed"` // of the bootstrap
	Accuracy    Estimate       `json:"accuracy"`
	Macro       Rates          `json:"macro"` // its recall is the balanced accuracy
	Kappa       Estimate       `json:"cohen_kappa"`
	Matthews    Estimate       `json:"matthews"`
	Calibration Estimate       `json:"expected_calibration_error"` // top probability, 15 bins of equal mass
	Brier       Estimate       `json:"brier"`                      // summed over classes: 0 to 2
	Classes     []ClassMetrics `json:"classes"`
	Confusion   Confusion      `json:"confusion"` // rows true, columns answered
	Reliability []Bin          `json:"reliability"`
}

// Measure compares probabilities [pictures][classes] with truth, the class of
// each picture as an index into names. Pictures of one number in groups are
// drawn together by the bootstrap; nil draws pictures one by one. The same seed
// gives the same intervals. Of NaN there is none in the result's JSON.
func Measure(names []string, truth []int, probabilities [][]float64, groups []int, seed uint64) (Metrics, error) {
	if err := check(len(names), truth, probabilities); err != nil {
		return Metrics{}, err
	}
	if groups == nil {
		groups = make([]int, len(truth))
		for i := range groups {
			groups[i] = i
		}
	}
	if len(groups) != len(truth) {
		return Metrics{}, fmt.Errorf("evaluate: %d groups for %d pictures, want one each", len(groups), len(truth))
	}
	s := newSample(len(names), truth, probabilities)
	m := Metrics{Pictures: len(truth), Resamples: Resamples, Seed: seed, Confusion: s.confusion(), Reliability: s.reliability()}
	for class, name := range names {
		c := ClassMetrics{Name: name}
		for _, n := range m.Confusion[class] {
			c.Pictures += n
		}
		m.Classes = append(m.Classes, c)
	}
	m.compute(s)
	m.bootstrap(s, groups)
	return m, nil
}

func check(classes int, truth []int, probabilities [][]float64) error {
	if classes < 2 || len(truth) == 0 || len(truth) != len(probabilities) {
		return fmt.Errorf("evaluate: %d classes, %d pictures and %d rows of probabilities, want at least 2 classes and a row a picture", classes, len(truth), len(probabilities))
	}
	for i, p := range probabilities {
		if truth[i] < 0 || truth[i] >= classes || len(p) != classes {
			return fmt.Errorf("evaluate: picture %d: class %d and %d probabilities, want a class below %d and as many probabilities", i, truth[i], len(p), classes)
		}
		sum := 0.0
		for _, v := range p {
			if !(v >= 0 && v <= 1) {
				return fmt.Errorf("evaluate: picture %d: probability %v, want 0..1", i, v)
			}
			sum += v
		}
		if math.Abs(sum-1) > 1e-3 {
			return fmt.Errorf("evaluate: picture %d: probabilities sum up to %v, want 1", i, sum)
		}
	}
	return nil
}

// compute sets the values of all figures, not their bounds; m.Classes has its length.
func (m *Metrics) compute(s *sample) {
	c := s.confusion()
	m.Accuracy.Value, m.Kappa.Value, m.Matthews.Value = c.Accuracy(), c.Kappa(), c.Matthews()
	m.Calibration.Value, m.Brier.Value = calibrationError(s.reliability()), s.brier()
	for class := range m.Classes {
		r := &m.Classes[class].Rates
		r.Precision.Value, r.Recall.Value, r.Specificity.Value = c.Precision(class), c.Recall(class), c.Specificity(class)
		r.F1.Value, r.F2.Value = c.F(class, 1), c.F(class, 2)
		r.AUC.Value, r.AveragePrecision.Value = s.rankings[class].AUC(), s.rankings[class].AveragePrecision()
		if math.IsNaN(r.Recall.Value) {
			r.Specificity.Value = math.NaN() // all that can be said of a class without pictures is how often it was answered
		}
	}
	for k, e := range m.Macro.estimates() {
		e.Value = macro(len(m.Classes), func(class int) float64 { return m.Classes[class].estimates()[k].Value })
	}
}

// estimates are the figures of r, in a fixed order.
func (r *Rates) estimates() []*Estimate {
	return []*Estimate{&r.Precision, &r.Recall, &r.Specificity, &r.F1, &r.F2, &r.AUC, &r.AveragePrecision}
}

// estimates are all figures of m, in a fixed order.
func (m *Metrics) estimates() []*Estimate {
	all := append([]*Estimate{&m.Accuracy, &m.Kappa, &m.Matthews, &m.Calibration, &m.Brier}, m.Macro.estimates()...)
	for class := range m.Classes {
		all = append(all, m.Classes[class].estimates()...)
	}
	return all
}

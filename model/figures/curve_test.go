package figures

import (
	"math"
	"strings"
	"testing"
)

// arcs are invented curves of a classifier that is good at the first class and
// worse at each further one.
func arcs(rising bool) []Curve {
	var curves []Curve
	for i, name := range []string{"Benign", "Early Pre-B", "Pre-B", "Pro-B"} {
		c := Curve{Name: name, Area: 1 - .012*float64(i)}
		if i > 0 {
			c.Low, c.High = c.Area-.01, c.Area+.008
		}
		for k := range 101 {
			x := float64(k) / 100
			y := math.Pow(x, .004+.05*float64(i))
			if !rising {
				y = 1 - math.Pow(x, 40-10*float64(i))*.7
			}
			c.X, c.Y = append(c.X, x), append(c.Y, y)
		}
		curves = append(curves, c)
	}
	return curves
}

func TestROC(t *testing.T) {
	file, err := ROC("ROC, each class against the rest", arcs(true))
	look(t, "roc", file, err)
}

func TestPrecisionRecall(t *testing.T) {
	file, err := PrecisionRecall("Precision and recall, each class against the rest", arcs(false))
	look(t, "precision-recall", file, err)
}

func TestReliability(t *testing.T) {
	file, err := Reliability("Calibration", "15 bins of 43 pictures, ECE 0.021",
		[]float64{.45, .58, .66, .74, .83, .90, .94, .97, .98, .99, .993, .996, .998, .999, 1},
		[]float64{.40, .52, .70, .72, .79, .93, .91, .95, 1, .98, 1, 1, 1, 1, 1})
	look(t, "reliability", file, err)
}

func TestLegendNamesTheArea(t *testing.T) {
	for want, c := range map[string]Curve{
		"Pre  AUC 0.998 (0.991 to 1.000)": {Name: "Pre", Area: .9981, Low: .991, High: 1},
		"Pre  AUC 1.000":                  {Name: "Pre", Area: 1, Low: 1, High: 1},
	} {
		if got := c.legend("AUC"); got != want {
			t.Errorf("legend %q, want %q", got, want)
		}
	}
}

func TestCurvesRefuse(t *testing.T) {
	for want, curves := range map[string][]Curve{
		"no curves":    nil,
		"Pre: 2 x and": {{Name: "Pre", X: []float64{0, 1}, Y: []float64{0}}},
		"Pro: ":        {{Name: "Pro", X: []float64{0, 1}, Y: []float64{0, math.NaN()}}},
	} {
		if _, err := ROC("ROC", curves); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %q", err, want)
		}
	}
}

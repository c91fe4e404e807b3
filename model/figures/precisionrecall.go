package figures

import (
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// PrecisionRecall shows precision over recall, a curve a class against the
// rest, with its average precision. Between two thresholds nothing is measured,
// so the curve steps: its area is the average precision.
func PrecisionRecall(title string, curves []Curve) ([]byte, error) {
	p := newPlot(title, "recall (sensitivity)", "precision (positive predictive value)")
	p.Add(rulings())
	if err := addCurves(p, "AP", plotter.PreStep, curves); err != nil {
		return nil, err
	}
	p.Legend.Top, p.Legend.Left = false, true
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(10), vg.Points(14)
	return encode(p, 5.6, 5.4)
}

package figures

import (
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// ROC shows the true positive rate over the false positive rate, a curve a
// class against the rest, and the diagonal of a guess.
func ROC(title string, curves []Curve) ([]byte, error) {
	p := newPlot(title, "false positive rate (1 - specificity)", "true positive rate (sensitivity)")
	p.Add(rulings(), diagonal())
	if err := addCurves(p, "AUC", plotter.NoStep, curves); err != nil {
		return nil, err
	}
	p.Legend.Top = false
	p.Legend.XOffs, p.Legend.YOffs = -vg.Points(10), vg.Points(14)
	return encode(p, 5.6, 5.4)
}

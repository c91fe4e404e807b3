package figures

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Accuracy shows accuracy (0..1) and error rate, what is missing to 1, by epoch.
func Accuracy(title string, accuracy []float64) ([]byte, error) {
	p := newPlot(title, "epoch", "share of pictures")
	p.Add(rulings())
	errorRate := make([]float64, len(accuracy))
	for i, a := range accuracy {
		if !(a >= 0 && a <= 1) {
			return nil, fmt.Errorf("figures: %s: accuracy of epoch %d is %v, want 0..1", title, i+1, a)
		}
		errorRate[i] = 1 - a
	}
	for i, series := range []struct {
		name   string
		shares []float64
	}{{"accuracy", accuracy}, {"error rate", errorRate}} {
		l, err := line(epochs(len(series.shares)), series.shares, ink[i], 2)
		if err != nil {
			return nil, fmt.Errorf("figures: %s: %w", title, err)
		}
		p.Add(l, dots(l, 2.5))
		last := series.shares[len(series.shares)-1]
		p.Legend.Add(fmt.Sprintf("%s, %.2f %% at the end", series.name, 100*last), l)
	}
	byEpoch(p, len(accuracy))
	percent := plot.ConstantTicks{}
	for i := range 6 {
		percent = append(percent, plot.Tick{Value: float64(i) / 5, Label: fmt.Sprintf("%d %%", 20*i)})
	}
	p.Y.Tick.Marker = percent
	p.Y.Min, p.Y.Max = -.02, 1.02
	// Half way up, between the two curves.
	p.Legend.YOffs = -vg.Points(80)
	return encode(p, 6.4, 3.8)
}

package figures

import "fmt"

// Loss shows the mean loss of each epoch on the training part and, if it was
// measured, on the validation part; both have one number an epoch.
func Loss(title string, training, validation []float64) ([]byte, error) {
	if len(validation) != 0 && len(validation) != len(training) {
		return nil, fmt.Errorf("figures: %s: %d epochs of training loss and %d of validation loss", title, len(training), len(validation))
	}
	p := newPlot(title, "epoch", "loss")
	p.Add(rulings())
	for i, series := range []struct {
		name   string
		losses []float64
	}{{"training", training}, {"validation", validation}} {
		if len(series.losses) == 0 && i > 0 {
			continue
		}
		l, err := line(epochs(len(series.losses)), series.losses, ink[i], 2)
		if err != nil {
			return nil, fmt.Errorf("figures: %s: %s: %w", title, series.name, err)
		}
		p.Add(l, dots(l, 2.5))
		p.Legend.Add(series.name, l)
	}
	byEpoch(p, len(training))
	p.Y.Min = 0
	p.Y.Max *= 1.05
	return encode(p, 6.4, 3.8)
}

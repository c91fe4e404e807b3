package figures

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Bars is a bar for each name, such as the pictures of each class, with its
// number above it.
func Bars(title, y string, names []string, counts []int) ([]byte, error) {
	if len(names) == 0 || len(names) != len(counts) {
		return nil, fmt.Errorf("figures: %s: %d names and %d counts", title, len(names), len(counts))
	}
	p := newPlot(title, "", y)
	values, marks := make(plotter.Values, len(counts)), plotter.XYLabels{}
	highest, longest := 0.0, 0
	for i, n := range counts {
		values[i], highest = float64(n), max(highest, float64(n))
		marks.XYs = append(marks.XYs, plotter.XY{X: float64(i), Y: float64(n)})
		marks.Labels = append(marks.Labels, fmt.Sprint(n))
		longest = max(longest, len([]rune(names[i])))
	}
	bars, err := plotter.NewBarChart(values, vg.Points(36))
	labels, labelsErr := plotter.NewLabels(marks)
	if err := errors.Join(err, labelsErr); err != nil {
		return nil, fmt.Errorf("figures: %s: %w", title, err)
	}
	bars.Color, bars.LineStyle.Width = ink[0], 0
	for i := range labels.TextStyle {
		labels.TextStyle[i].XAlign = -.5
	}
	labels.Offset.Y = vg.Points(3)
	p.Add(bars, labels)
	p.NominalX(names...)
	p.X.Min, p.X.Max = -.5, float64(len(names))-.5
	p.Y.Min, p.Y.Max = 0, max(1, highest*1.12)
	return encode(p, vg.Length(max(4, float64(len(names))*max(1, .1*float64(longest)))), 3.2)
}

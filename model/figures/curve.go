package figures

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// Curve is a class's line in the unit square and the area below it, with the
// bounds of its 95 % interval; equal bounds are not shown.
type Curve struct {
	Name            string
	X, Y            []float64
	Area, Low, High float64
}

// legend names the curve with its area, such as "Early  AUC 0.998 (0.991 to 1.000)".
func (c Curve) legend(area string) string {
	s := fmt.Sprintf("%s  %s %.3f", c.Name, area, c.Area)
	if c.Low < c.High {
		s += fmt.Sprintf(" (%.3f to %.3f)", c.Low, c.High)
	}
	return s
}

// addCurves draws curves into a unit square; area is what the area is called,
// step how points are joined.
func addCurves(p *plot.Plot, area string, step plotter.StepKind, curves []Curve) error {
	if len(curves) == 0 {
		return fmt.Errorf("figures: %s: no curves", p.Title.Text)
	}
	unitSquare(p)
	for i, c := range curves {
		// The first is the widest: of curves that lie on each other each shows an edge.
		l, err := line(c.X, c.Y, ink[i%len(ink)], 1.8+1.2*float64(len(curves)-1-i))
		if err != nil {
			return fmt.Errorf("figures: %s: %s: %w", p.Title.Text, c.Name, err)
		}
		l.StepStyle = step
		p.Add(l)
		p.Legend.Add(c.legend(area), l)
	}
	return nil
}

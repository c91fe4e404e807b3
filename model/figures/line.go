package figures

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// pale is the ink of what only guides the eye.
var pale = color.RGBA{0xdd, 0xe1, 0xe8, 0xff}

// line joins points in ink colour, width points wide. X and y are of equal
// length and hold no NaN.
func line(x, y []float64, colour color.Color, width float64) (*plotter.Line, error) {
	if len(x) == 0 || len(x) != len(y) {
		return nil, fmt.Errorf("%d x and %d y, want at least one of each", len(x), len(y))
	}
	points := make(plotter.XYs, len(x))
	for i := range x {
		points[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	l, err := plotter.NewLine(points)
	if err != nil {
		return nil, err
	}
	l.Color, l.Width = colour, vg.Points(width)
	return l, nil
}

// dots marks the points of a line with discs.
func dots(l *plotter.Line, radius float64) *plotter.Scatter {
	return &plotter.Scatter{XYs: l.XYs, GlyphStyle: draw.GlyphStyle{Color: l.Color, Radius: vg.Points(radius), Shape: draw.CircleGlyph{}}}
}

// diagonal is a dashed guide from (0,0) to (1,1).
func diagonal() *plotter.Line {
	return &plotter.Line{
		XYs:       plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}},
		LineStyle: draw.LineStyle{Color: ink[5], Width: vg.Points(1), Dashes: []vg.Length{vg.Points(5), vg.Points(4)}},
	}
}

// rulings are pale lines at the labelled ticks.
func rulings() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = pale, pale
	return g
}

// unitSquare shows 0..1 both ways with a margin, so that a curve that hugs the
// edge, as a good one does, is seen.
func unitSquare(p *plot.Plot) {
	tenths := plot.ConstantTicks{}
	for i := range 6 {
		tenths = append(tenths, plot.Tick{Value: float64(i) / 5, Label: fmt.Sprintf("%.1f", float64(i)/5)})
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -.02, 1.02, -.02, 1.02
	p.X.Tick.Marker, p.Y.Tick.Marker = tenths, tenths
}

// byEpoch numbers the x axis with whole epochs, from 1, at most a dozen of them.
func byEpoch(p *plot.Plot, epochs int) {
	step := 1
	for _, s := range []int{2, 5, 10, 20, 50, 100, 200, 500} {
		if epochs/step > 12 {
			step = s
		}
	}
	marks := plot.ConstantTicks{{Value: 1, Label: "1"}}
	for e := step; e <= epochs; e += step {
		if e > 1 {
			marks = append(marks, plot.Tick{Value: float64(e), Label: fmt.Sprint(e)})
		}
	}
	p.X.Tick.Marker = marks
	p.X.Min, p.X.Max = .8, math.Max(2, float64(epochs))+.2
}

// epochs are 1 to n.
func epochs(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i + 1)
	}
	return x
}

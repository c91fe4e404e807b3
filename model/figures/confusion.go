package figures

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ConfusionMatrix shows counts [actual][predicted] as a square: a row an actual
// class, a column a predicted one, in each cell the count and its share of the
// row, which also sets the colour.
func ConfusionMatrix(title string, classes []string, counts [][]int) ([]byte, error) {
	p, err := confusion(title, classes, counts)
	if err != nil {
		return nil, fmt.Errorf("figures: %s: %w", title, err)
	}
	return encode(p.Plot, p.width, p.height)
}

// confusion is a confusion matrix and the size at which its cells hold their words.
func confusion(title string, classes []string, counts [][]int) (panel, error) {
	n := len(classes)
	if n == 0 || len(counts) != n {
		return panel{}, fmt.Errorf("%d rows for %d classes", len(counts), n)
	}
	for i, row := range counts {
		if len(row) != n {
			return panel{}, fmt.Errorf("row %s has %d columns, want %d", classes[i], len(row), n)
		}
	}
	p := newPlot(title, "predicted", "actual")
	p.Add(square{counts})
	longest, down := 0, make([]string, n)
	for i, class := range classes {
		longest = max(longest, len([]rune(class)))
		down[n-1-i] = class // the first class is the topmost row
	}
	p.NominalX(classes...)
	p.NominalY(down...)
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(6), vg.Points(6)
	cell := max(.95, .085*float64(longest))
	return panel{p, vg.Length(float64(n)*cell + .9 + .08*float64(longest)), vg.Length(float64(n)*.8 + 1.1)}, nil
}

// square draws the cells; cell (row r, column c) is centred on (c, n-1-r).
type square struct{ counts [][]int }

// DataRange is half a cell beyond the outer centres.
func (s square) DataRange() (xmin, xmax, ymin, ymax float64) {
	edge := float64(len(s.counts)) - .5
	return -.5, edge, -.5, edge
}

// Plot fills the cells and writes their counts.
func (s square) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for r, row := range s.counts {
		all := 0
		for _, n := range row {
			all += n
		}
		for k, n := range row {
			left, right := x(float64(k)-.5)+vg.Points(1), x(float64(k)+.5)-vg.Points(1)
			middle := float64(len(s.counts) - 1 - r)
			low, high := y(middle-.5)+vg.Points(1), y(middle+.5)-vg.Points(1)
			share, below := 0., "no pictures"
			if all > 0 {
				share = float64(n) / float64(all)
				below = fmt.Sprintf("%.1f %%", 100*share)
			}
			c.FillPolygon(shade(share), []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
			letters := color.Color(color.Black)
			switch {
			case share > .5:
				letters = color.White
			case n == 0:
				letters = ink[5] // what was never confused steps back
			}
			write := func(words string, size, offset float64) {
				c.FillText(text.Style{
					Color: letters, Font: font.From(plot.DefaultFont, vg.Points(size)), Handler: plot.DefaultTextHandler,
					XAlign: draw.XCenter, YAlign: draw.YCenter,
				}, vg.Point{X: (left + right) / 2, Y: (low+high)/2 + vg.Points(offset)}, words)
			}
			write(fmt.Sprint(n), 15, 7)
			write(below, 9.5, -9)
		}
	}
}

// shade goes from nearly white at 0 to the first ink at 1.
func shade(share float64) color.Color {
	mix := func(from, to uint8) uint8 { return uint8(float64(from) + share*(float64(to)-float64(from)) + .5) }
	full := ink[0].(color.RGBA)
	return color.RGBA{mix(0xf4, full.R), mix(0xf1, full.G), mix(0xf8, full.B), 0xff}
}

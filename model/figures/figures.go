// Package figures draws what training and evaluation have to show, one file a
// kind of figure, as PNG. It knows numbers, names and pictures, nothing of
// networks or data sets.
package figures

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// ink are the colours of series, in order; they stay apart in grey and for
// readers who do not tell red from green.
var ink = []color.Color{
	color.RGBA{0x5b, 0x2a, 0x86, 0xff}, // the page's brand
	color.RGBA{0xe0, 0x8a, 0x1e, 0xff},
	color.RGBA{0x1f, 0x7a, 0x8c, 0xff},
	color.RGBA{0xb3, 0x26, 0x4e, 0xff},
	color.RGBA{0x6b, 0x8e, 0x23, 0xff},
	color.RGBA{0x55, 0x5f, 0x6f, 0xff},
}

// dots a inch: text stays sharp on a projector, a report of ten figures small.
const dpi = 144

func init() {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
}

// newPlot is an empty figure in the house's look.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(8)
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Legend.Top, p.Legend.Padding = true, vg.Points(3)
	return p
}

// panel is a plot and its size in inches.
type panel struct {
	*plot.Plot
	width, height vg.Length
}

// encode draws p, width x height inches, as PNG.
func encode(p *plot.Plot, width, height vg.Length) ([]byte, error) {
	return encodeRow("", []panel{{p, width, height}})
}

// encodeRow draws panels side by side, below a heading that may have several
// lines, as PNG.
func encodeRow(heading string, panels []panel) ([]byte, error) {
	style := newPlot("", "", "").Title.TextStyle
	style.XAlign, style.YAlign = draw.XCenter, draw.YTop
	var all, height, top vg.Length
	for _, p := range panels {
		all += p.width * vg.Inch
		height = max(height, p.height*vg.Inch)
	}
	width := all
	if heading != "" {
		width, top = max(all, style.Width(heading)+vg.Points(24)), style.Height(heading)+vg.Points(14)
	}
	c := vgimg.NewWith(vgimg.UseWH(width, height+top), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	whole := draw.New(c)
	if heading != "" {
		whole.FillText(style, vg.Point{X: width / 2, Y: height + top - vg.Points(8)}, heading)
	}
	left := (width - all) / 2
	for _, p := range panels {
		right, low := left+p.width*vg.Inch, height-p.height*vg.Inch
		p.Draw(draw.Crop(whole, left+vg.Points(6), right-width-vg.Points(10), low+vg.Points(6), -top-vg.Points(6)))
		left = right
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("figures: %s: %w", cmp.Or(heading, panels[0].Title.Text), err)
	}
	return b.Bytes(), nil
}

package figures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"blastlens/wasm/tensor"
)

// Cell is a picture of a grid with what is said of it.
type Cell struct {
	Picture tensor.RGB8
	Caption string // below the picture
	Note    string // a second, smaller line
	Bad     bool   // framed in red, such as a wrong answer
}

// Measures of a grid, in pixels. Pictures are scaled so that their long side
// lies between the two bounds: small ones stay legible above their captions,
// large ones do not swell the file.
const (
	gridSideMin = 192
	gridSideMax = 320
	gridGap     = 20 // between cells, and around them
	gridFrame   = 4
	gridTitle   = 22 // heights of letters
	gridCaption = 15
	gridNote    = 13
)

var (
	gridText  = color.RGBA{0x1c, 0x1b, 0x22, 0xff}
	gridFaint = color.RGBA{0x55, 0x5f, 0x6f, 0xff}
	gridBad   = color.RGBA{0xc6, 0x1f, 0x2f, 0xff}
)

// Grid sets pictures in rows of the given number of columns, each centred in a
// square above its caption and note. Text too wide for its cell loses its middle.
func Grid(title string, cells []Cell, columns int) ([]byte, error) {
	if len(cells) == 0 || columns < 1 {
		return nil, fmt.Errorf("figures: %s: %d cells in %d columns, want at least one of each", title, len(cells), columns)
	}
	columns = min(columns, len(cells))
	longest, noted := 0, false
	for i, c := range cells {
		if c.Picture.W < 1 || c.Picture.H < 1 || len(c.Picture.Pix) != 3*c.Picture.W*c.Picture.H {
			return nil, fmt.Errorf("figures: %s: cell %d (%s) is %d x %d pixels with %d bytes", title, i, c.Caption, c.Picture.W, c.Picture.H, len(c.Picture.Pix))
		}
		longest, noted = max(longest, c.Picture.W, c.Picture.H), noted || c.Note != ""
	}
	large, err := face(liberationsansbold.TTF, gridTitle)
	medium, mediumErr := face(liberationsansregular.TTF, gridCaption)
	small, smallErr := face(liberationsansregular.TTF, gridNote)
	if err := errors.Join(err, mediumErr, smallErr); err != nil {
		return nil, fmt.Errorf("figures: %s: %w", title, err)
	}

	side := min(max(longest, gridSideMin), gridSideMax)
	words := gridCaption * 3 / 2 // height of what stands below a picture
	if noted {
		words += gridNote * 3 / 2
	}
	top := gridGap
	if title != "" {
		top += gridTitle + gridGap
	}
	rows := (len(cells) + columns - 1) / columns
	width := gridGap + columns*(side+gridGap)
	img := image.NewRGBA(image.Rect(0, 0, width, top+rows*(side+words+gridGap)))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	write(img, large, gridText, title, image.Rect(gridGap, gridGap, width-gridGap, gridGap+gridTitle), left)

	for i, c := range cells {
		box := image.Rect(0, 0, side, side).Add(image.Pt(gridGap+i%columns*(side+gridGap), top+i/columns*(side+words+gridGap)))
		p := fit(c.Picture, side)
		at := box.Min.Add(image.Pt((side-p.W)/2, (side-p.H)/2))
		paste(img, p, at)
		ink := gridFaint
		if c.Bad {
			ink = gridBad
			frame(img, image.Rectangle{at, at.Add(image.Pt(p.W, p.H))}.Inset(-gridFrame), gridFrame, gridBad)
		}
		line := image.Rect(box.Min.X, box.Max.Y+gridFrame, box.Max.X, box.Max.Y+gridFrame+gridCaption)
		write(img, medium, gridText, c.Caption, line, centred)
		write(img, small, ink, c.Note, line.Add(image.Pt(0, gridNote*3/2)), centred)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("figures: %s: %w", title, err)
	}
	return b.Bytes(), nil
}

// face is a typeface whose em is size pixels high.
func face(ttf []byte, size float64) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// fit scales p until its long side is side pixels.
func fit(p tensor.RGB8, side int) tensor.RGB8 {
	scale := float64(side) / float64(max(p.W, p.H))
	scaled := func(n int) int { return max(1, int(math.Round(scale*float64(n)))) }
	return tensor.Resize(p, scaled(p.W), scaled(p.H))
}

func paste(img *image.RGBA, p tensor.RGB8, at image.Point) {
	for y := range p.H {
		row := img.Pix[img.PixOffset(at.X, at.Y+y):]
		for x := range p.W {
			copy(row[4*x:4*x+3], p.Pix[3*(y*p.W+x):])
		}
	}
}

// frame draws a border of the given thickness inside r.
func frame(img *image.RGBA, r image.Rectangle, thick int, ink color.Color) {
	inner := r.Inset(thick)
	for _, side := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, inner.Min.Y)}, {image.Pt(r.Min.X, inner.Max.Y), r.Max},
		{r.Min, image.Pt(inner.Min.X, r.Max.Y)}, {image.Pt(inner.Max.X, r.Min.Y), r.Max},
	} {
		draw.Draw(img, side, image.NewUniform(ink), image.Point{}, draw.Src)
	}
}

// alignment is where the spare width of a line goes: left is 0 halves of it
// before the text, centred is 1.
type alignment int

const (
	left alignment = iota
	centred
)

// write sets one line of text into r.
func write(img *image.RGBA, f font.Face, ink color.Color, text string, r image.Rectangle, a alignment) {
	text = shorten(f, text, r.Dx())
	m := f.Metrics()
	d := font.Drawer{Dst: img, Src: image.NewUniform(ink), Face: f}
	spare := fixed.I(r.Dx()) - d.MeasureString(text)
	d.Dot = fixed.Point26_6{
		X: fixed.I(r.Min.X) + (spare/2*fixed.Int26_6(a))&^63, // on whole pixels, where hinting is sharp
		Y: fixed.I(r.Min.Y) + fixed.I(m.Ascent.Ceil()),
	}
	d.DrawString(text)
}

// shorten replaces the middle of text by an ellipsis until it is at most width
// pixels wide: file names differ at their ends.
func shorten(f font.Face, text string, width int) string {
	letters := []rune(text)
	for cut := 0; font.MeasureString(f, text).Ceil() > width && cut < len(letters); {
		cut++
		keep := len(letters) - cut
		text = string(letters[:keep/2]) + "…" + string(letters[len(letters)-(keep-keep/2):])
	}
	return text
}

package figures

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"

	"blastlens/build/drawn"
	"blastlens/wasm/tensor"
)

func smear(t *testing.T, class string, seed uint64) tensor.RGB8 {
	t.Helper()
	img, err := drawn.Draw(class, seed, 224)
	if err != nil {
		t.Fatal(err)
	}
	p := tensor.NewRGB8(224, 224)
	for i := range 224 * 224 {
		copy(p.Pix[3*i:3*i+3], img.Pix[4*i:])
	}
	return p
}

func flat(w, h int, c color.RGBA) tensor.RGB8 {
	p := tensor.NewRGB8(w, h)
	for i := range w * h {
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = c.R, c.G, c.B
	}
	return p
}

func TestGridLook(t *testing.T) {
	var cells []Cell
	for k, class := range drawn.Classes() {
		cells = append(cells,
			Cell{Picture: smear(t, class, 3), Caption: class, Note: "drawn-" + class + "-003.jpg"},
			Cell{Picture: smear(t, class, 4), Caption: class + " taken for " + drawn.Classes()[(k+1)%4], Note: "probability 0.61", Bad: true},
			Cell{Picture: tensor.Crop(smear(t, class, 5), 0, 30, 224, 150), Caption: "a wide field", Note: "a-very-long-name-as-microscopes-like-to-give-0005.jpg"},
		)
	}
	file, err := Grid("Drawn smears and answers", cells, 3)
	look(t, "grid", file, err)
}

func TestGridPlacesCells(t *testing.T) {
	blue, green := color.RGBA{10, 20, 200, 255}, color.RGBA{10, 160, 60, 255}
	at := func(img image.Image, x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	file, err := Grid("", []Cell{{Picture: flat(200, 200, blue)}, {Picture: flat(200, 100, green), Bad: true}, {Picture: flat(64, 64, blue)}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	const side = 200
	if w := img.Bounds().Dx(); w != 3*gridGap+2*side {
		t.Fatalf("width %d, want two cells of %d and three gaps", w, side)
	}
	second := gridGap + side + gridGap                  // left edge of the second column
	below := gridGap + side + gridCaption*3/2 + gridGap // top edge of the second row
	white := color.RGBA{255, 255, 255, 255}
	for name, c := range map[string]struct {
		x, y int
		want color.RGBA
	}{
		"margin":                  {gridGap - 1, gridGap, white},
		"first corner":            {gridGap, gridGap, blue},
		"first far corner":        {gridGap + side - 1, gridGap + side - 1, blue},
		"above a wide picture":    {second + 100, gridGap + 40, white},
		"red frame above it":      {second + 100, gridGap + 49, gridBad},
		"wide picture, first row": {second + 100, gridGap + 50, green},
		"wide picture, last row":  {second + 100, gridGap + 149, green},
		"red frame below it":      {second + 100, gridGap + 150, gridBad},
		"a small picture grows":   {gridGap + side - 1, below + side - 1, blue},
		"empty place after it":    {second + 100, below + 100, white},
	} {
		if got := at(img, c.x, c.y); got != c.want {
			t.Errorf("%s: (%d, %d) is %v, want %v", name, c.x, c.y, got, c.want)
		}
	}
}

func TestGridRefuses(t *testing.T) {
	ok := Cell{Picture: flat(10, 10, color.RGBA{}), Caption: "ok"}
	for name, c := range map[string]struct {
		cells   []Cell
		columns int
		says    string
	}{
		"no cells":         {nil, 2, "0 cells"},
		"no columns":       {[]Cell{ok}, 0, "0 columns"},
		"an empty picture": {[]Cell{ok, {Caption: "hollow"}}, 1, "hollow"},
		"lost bytes":       {[]Cell{{Picture: tensor.RGB8{W: 2, H: 2, Pix: make([]uint8, 5)}, Caption: "short"}}, 1, "short"},
	} {
		if _, err := Grid("Faulty", c.cells, c.columns); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "Faulty") {
			t.Errorf("%s: %v, want the title and %q", name, err, c.says)
		}
	}
}

func TestShorten(t *testing.T) {
	f, err := face(liberationsansregular.TTF, gridCaption)
	if err != nil {
		t.Fatal(err)
	}
	const name = "WBC-Malignant-Early-and-much-more-001.jpg"
	wide := font.MeasureString(f, name).Ceil()
	for width, want := range map[int]string{wide: name, 0: "…"} {
		if got := shorten(f, name, width); got != want {
			t.Errorf("%d pixels: %q, want %q", width, got, want)
		}
	}
	got := shorten(f, name, wide/2)
	if !strings.HasPrefix(got, "WBC-") || !strings.HasSuffix(got, "001.jpg") || !strings.Contains(got, "…") || font.MeasureString(f, got).Ceil() > wide/2 {
		t.Errorf("half the width: %q", got)
	}
}

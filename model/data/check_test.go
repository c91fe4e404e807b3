package data

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"blastlens/build/drawn"
	"blastlens/wasm/tensor"
)

// drawing is a drawn smear, scaled to size pixels a side.
func drawing(t *testing.T, class string, seed, size int) *image.RGBA {
	t.Helper()
	img, err := drawn.Draw(class, uint64(seed), size)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func asJPEG(t *testing.T, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rgb8(img *image.RGBA) tensor.RGB8 {
	p := tensor.NewRGB8(img.Rect.Dx(), img.Rect.Dy())
	for i := range p.W * p.H {
		copy(p.Pix[3*i:3*i+3], img.Pix[4*i:])
	}
	return p
}

// Everything that can be wrong with a folder, at once: each is named, and none
// hides another.
func TestCheckFindsEverything(t *testing.T) {
	field := drawing(t, "Pre", 1, 96)
	grey := image.NewGray(field.Rect)
	palette := image.NewPaletted(field.Rect, color.Palette{color.White, color.Black, color.RGBA{90, 40, 140, 255}})
	for i := range grey.Pix {
		grey.Pix[i], palette.Pix[i] = field.Pix[4*i], field.Pix[4*i]&1
	}
	clear := image.NewNRGBA(field.Rect)
	copy(clear.Pix, drawing(t, "Pro", 7, 96).Pix)
	clear.Pix[3] = 100
	jpg := asJPEG(t, field, 90)
	report, set, err := Check(folder(t, map[string][]byte{
		"Pre/p-1.jpg": jpg, "Pre/p-2.jpg": jpg, "Pre/p-3.jpg": asJPEG(t, field, 40), "Pre/p-4.jpg": asJPEG(t, drawing(t, "Pre", 2, 96), 90),
		"Pre/inside/p-9.jpg": jpg, "Pre/p-5.jpg": []byte("this is text"), "Pre/p-6.jpg": jpg[:300],
		"Pro/q-1.png": asPNG(t, grey), "Pro/q-2.png": asPNG(t, palette), "Pro/q-3.png": asPNG(t, clear), "Pro/q-4.jpg": asJPEG(t, drawing(t, "Pro", 3, 80), 90),
		"Pro/same-5.jpg": jpg, "Pro/nameless.jpg": asJPEG(t, drawing(t, "Pro", 4, 96), 90),
		"Blank/.keep": nil, "lost-1.jpg": jpg, "lost-2.jpg": []byte("text"), "LICENSE": []byte("text"), ".hidden": nil,
	}), []string{"Pre", "Pro", "Early"})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Pictures) != 10 || report.Pictures != 10 || report.LeftOut() != 5 {
		t.Errorf("%d pictures and %d left out, want 10 and 5", report.Pictures, report.LeftOut())
	}
	if want := []ClassCount{{"Blank", 0, 0}, {"Pre", 4, 2}, {"Pro", 6, 0}}; !slices.Equal(report.Classes, want) {
		t.Errorf("classes %v, want %v", report.Classes, want)
	}
	tallies := func(all []Tally) (lines []string) {
		for _, a := range all {
			lines = append(lines, strings.Join(append([]string{a.Name}, a.Files...), " "))
		}
		return lines
	}
	for name, c := range map[string]struct{ got, want []string }{
		"sizes":  {tallies(report.Sizes), []string{"96 x 96", "80 x 80 Pro/q-4.jpg"}},
		"modes":  {tallies(report.Modes), []string{"RGB", "grey Pro/q-1.png", "palette Pro/q-2.png", "RGB with opacity Pro/q-3.png"}},
		"number": {report.Unnumbered, []string{"Pro/nameless.jpg"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	says := func(what string, list []string, each ...string) {
		t.Helper()
		if len(list) != len(each) {
			t.Errorf("%s: %q, want %d", what, list, len(each))
			return
		}
		for i, words := range each {
			for _, w := range strings.Split(words, "|") {
				if !strings.Contains(list[i], w) {
					t.Errorf("%s: %q does not say %q", what, list[i], w)
				}
			}
		}
	}
	text := func(refused []Refusal) (lines []string) {
		for _, r := range refused {
			lines = append(lines, r.Name+": "+r.Reason)
		}
		return lines
	}
	says("refused", text(report.Refused), "Pre/p-5.jpg|not a picture", "Pre/p-6.jpg|ends")
	says("unlabelled", text(report.Unlabelled), "lost-1.jpg|without a label", "lost-2.jpg|not a picture", "Pre/inside|folder inside")
	says("problems", report.Problems, "Blank has 0", "Blank is no known class|Pre, Pro, Early", "Early has no folder")
	if len(report.Notes) == 0 || report.Notes[0].Files == nil {
		t.Errorf("notes %v, want grey and transparent pictures named", report.Notes)
	}
	if want := []string{"Pre/p-1.jpg", "Pre/p-2.jpg", "Pro/same-5.jpg"}; len(report.Identical) != 1 || !slices.Equal(report.Identical[0].Names, want) || !report.Identical[0].Conflict {
		t.Errorf("identical %v, want %v with labels that differ", report.Identical, want)
	}
	if want := []string{"Pre/p-1.jpg", "Pre/p-2.jpg", "Pre/p-3.jpg"}; len(report.Near) != 1 || !slices.Equal(report.Near[0].Names[:3], want) {
		t.Errorf("near %v, want %v", report.Near, want)
	}
}

func TestCheckOfACleanFolder(t *testing.T) {
	report, _, err := Check(folder(t, map[string][]byte{
		"Pre/1.jpg": picture(t, "Pre", 1), "Pre/2.jpg": picture(t, "Pre", 2), "Pro/1.jpg": picture(t, "Pro", 1), "Pro/2.jpg": picture(t, "Pro", 2), "README.txt": []byte("hello"),
	}), nil)
	if err != nil || report.LeftOut() > 0 || len(report.Problems) > 0 || report.Twins > 0 || len(report.Near) > 0 || report.Pictures != 4 {
		t.Errorf("%+v, %v: want 4 pictures and nothing to say", report, err)
	}
}

// The same field saved worse, smaller or a little brighter stays near; another
// field, in the same stain or not, does not.
func TestFingerprint(t *testing.T) {
	field := rgb8(drawing(t, "Early", 5, 224))
	brighter := tensor.RGB8{W: 224, H: 224, Pix: slices.Clone(field.Pix)}
	for i, v := range brighter.Pix {
		brighter.Pix[i] = uint8(min(255, int(v)*104/100))
	}
	squeezed, err := jpeg.Decode(bytes.NewReader(asJPEG(t, drawing(t, "Early", 5, 224), 30)))
	if err != nil {
		t.Fatal(err)
	}
	saved := tensor.NewRGB8(224, 224)
	for i := range 224 * 224 {
		r, g, b, _ := squeezed.At(i%224, i/224).RGBA()
		saved.Pix[3*i], saved.Pix[3*i+1], saved.Pix[3*i+2] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
	}
	for name, c := range map[string]struct {
		p    tensor.RGB8
		near bool
	}{
		"itself":            {field, true},
		"quality 30":        {saved, true},
		"half the size":     {tensor.Resize(field, 112, 112), true},
		"brighter by 4 %":   {brighter, true},
		"another field":     {rgb8(drawing(t, "Early", 6, 224)), false},
		"another class":     {rgb8(drawing(t, "Pro", 5, 224)), false},
		"shifted by a cell": {tensor.Resize(tensor.Crop(field, 20, 0, 204, 224), 224, 224), false},
	} {
		if d := FingerprintOf(field).Distance(FingerprintOf(c.p)); (d <= Near) != c.near {
			t.Errorf("%s: distance %d, want near: %v (at most %d)", name, d, c.near, Near)
		}
	}
}

// A gradient to the right brightens at every step, one to the left at none.
func TestFingerprintByHand(t *testing.T) {
	right, left := tensor.NewRGB8(90, 80), tensor.NewRGB8(90, 80)
	for i := range 90 * 80 {
		for c := range 3 {
			right.Pix[3*i+c], left.Pix[3*i+c] = uint8(2*(i%90)), uint8(2*(89-i%90))
		}
	}
	if f, g := FingerprintOf(right), FingerprintOf(left); f != ^Fingerprint(0) || g != 0 || f.Distance(g) != 64 {
		t.Errorf("fingerprints %x and %x, want all ones and none", f, g)
	}
}

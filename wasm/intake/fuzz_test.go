package intake

import (
	"errors"
	"image"
	"testing"
)

// FuzzDecode: whatever the bytes, a whole picture within the limits or a
// refusal that names the file; never a panic.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"baseline.jpg", "baseline-420.jpg", "progressive.jpg", "grey.jpg", "grey-progressive.jpg", "restart.jpg", "cmyk.jpg"} {
		f.Add(file(f, name))
	}
	small := image.Rect(0, 0, 64, 64)
	f.Add(pngOf(f, paint(image.NewNRGBA(small), 99)))
	f.Add(pngOf(f, image.NewGray16(small)))
	f.Add(bmpOf(f, paint(image.NewRGBA(small), 255)))
	f.Add(pngHeader(30000, 30000, 8, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode("fuzz", data)
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.File != "fuzz" || r.Reason == "" || r.Kind == nil {
				t.Errorf("%#v is no refusal of the file", err)
			}
			return
		}
		w, h := p.RGB.W, p.RGB.H
		if min(w, h) < MinSide || w*h > MaxPixels || len(p.RGB.Pix) != 3*w*h || p.Format == "" {
			t.Errorf("%s of %d x %d with %d bytes", p.Format, w, h, len(p.RGB.Pix))
		}
	})
}

package drawn

import (
	"bytes"
	"math"
	"testing"
)

func TestDrawIsDeterministicAndVaried(t *testing.T) {
	for _, class := range Classes() {
		a, err := Draw(class, 7, 96)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Draw(class, 7, 96)
		if !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s: the same seed drew two pictures", class)
		}
		c, _ := Draw(class, 8, 96)
		if bytes.Equal(a.Pix, c.Pix) {
			t.Errorf("%s: two seeds drew the same picture", class)
		}
		if a.Rect.Dx() != 96 || a.Rect.Dy() != 96 {
			t.Errorf("%s: picture is %v, want 96x96", class, a.Rect)
		}
	}
}

func TestDrawRefuses(t *testing.T) {
	for _, c := range []struct {
		class string
		size  int
	}{{"Nobody", 224}, {"Pre", 31}, {"Pre", 5000}} {
		if _, err := Draw(c.class, 1, c.size); err == nil {
			t.Errorf("Draw(%q, 1, %d): no error", c.class, c.size)
		}
	}
}

// The mean colour of a class must lie well inside the spread that stain and
// light give to every class: otherwise colour would tell the classes apart.
func TestColourDoesNotTellTheClass(t *testing.T) {
	const pictures = 40
	var mean, deviation [4][3]float64
	for k, class := range Classes() {
		for seed := range uint64(pictures) {
			img, err := Draw(class, seed, 64)
			if err != nil {
				t.Fatal(err)
			}
			for c := range 3 {
				sum := 0.0
				for at := c; at < len(img.Pix); at += 4 {
					sum += float64(img.Pix[at])
				}
				v := sum / 64 / 64
				mean[k][c] += v / pictures
				deviation[k][c] += v * v / pictures
			}
		}
		for c := range 3 {
			deviation[k][c] = math.Sqrt(deviation[k][c] - mean[k][c]*mean[k][c])
		}
	}
	for a := range mean {
		for b := range a {
			for c := range 3 {
				if d := math.Abs(mean[a][c] - mean[b][c]); d > 1.2*min(deviation[a][c], deviation[b][c]) {
					t.Errorf("%s and %s: channel %d differs by %.1f on average, within a class by %.1f", Classes()[a], Classes()[b], c, d, deviation[a][c])
				}
			}
		}
	}
}

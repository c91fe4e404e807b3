package tensor_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"blastlens/wasm/tensor"
)

// picture fills w x h pixels with f(x, y, channel).
func picture(w, h int, f func(x, y, c int) uint8) tensor.RGB8 {
	p := tensor.NewRGB8(w, h)
	for i := range p.Pix {
		p.Pix[i] = f(i/3%w, i/3/w, i%3)
	}
	return p
}

func noise(x, y, c int) uint8 {
	v := uint32(x*73856093) ^ uint32(y*19349663) ^ uint32(c*83492791)
	v ^= v >> 13
	v *= 0x5bd1e995
	return uint8(v >> 15)
}

// One row or one column by hand: the triangle filter's weights are normalised
// where the picture's edge cuts them.
func TestResizeByHand(t *testing.T) {
	tests := []struct {
		name     string
		in, want []uint8
	}{
		// Halving: radius 2, centre 1: weights at 0.5, 1.5, 2.5 from 0: 3/4 3/4 1/4 -> /1.75.
		{"4 to 2", []uint8{0, 70, 140, 210}, []uint8{50, 160}},
		// Thirds: one output pixel, centre 1.5, radius 3: 2/3, 1, 2/3 -> /(7/3).
		{"3 to 1", []uint8{70, 0, 140}, []uint8{60}},
		// Doubling is linear interpolation: 1/4 and 3/4 between centres.
		{"2 to 4", []uint8{0, 200}, []uint8{0, 50, 150, 200}},
		{"1 to 3", []uint8{9}, []uint8{9, 9, 9}},
		{"same", []uint8{1, 255, 3}, []uint8{1, 255, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := picture(len(tt.in), 1, func(x, _, _ int) uint8 { return tt.in[x] })
			column := picture(1, len(tt.in), func(_, y, _ int) uint8 { return tt.in[y] })
			gotRow := tensor.Resize(row, len(tt.want), 1)
			gotColumn := tensor.Resize(column, 1, len(tt.want))
			for i, want := range tt.want {
				for c := range 3 {
					if g := gotRow.Pix[3*i+c]; g != want {
						t.Errorf("row, pixel %d channel %d is %d, want %d", i, c, g, want)
					}
					if g := gotColumn.Pix[3*i+c]; g != want {
						t.Errorf("column, pixel %d channel %d is %d, want %d", i, c, g, want)
					}
				}
			}
		})
	}
}

func TestResizeIdentity(t *testing.T) {
	p := picture(37, 23, noise)
	q := tensor.Resize(p, 37, 23)
	if q.W != 37 || q.H != 23 || !bytes.Equal(p.Pix, q.Pix) {
		t.Error("the same size changed the bytes")
	}
}

// Whatever the sizes, one colour stays that colour, the mean stays the mean,
// and a mirrored picture gives the mirrored result.
func TestResizeProperties(t *testing.T) {
	for _, s := range [][4]int{{224, 224, 300, 300}, {640, 480, 299, 224}, {101, 67, 13, 31}, {13, 31, 101, 67}, {1, 1, 5, 7}, {1920, 30, 224, 30}} {
		w, h, W, H := s[0], s[1], s[2], s[3]
		for _, v := range []uint8{0, 1, 127, 254, 255} {
			q := tensor.Resize(picture(w, h, func(_, _, _ int) uint8 { return v }), W, H)
			if len(q.Pix) != 3*W*H || slices.Min(q.Pix) != v || slices.Max(q.Pix) != v {
				t.Fatalf("%v: %d became %d to %d", s, v, slices.Min(q.Pix), slices.Max(q.Pix))
			}
		}
		p := picture(w, h, noise)
		q := tensor.Resize(p, W, H)
		mirrored := tensor.Resize(picture(w, h, func(x, y, c int) uint8 { return noise(w-1-x, y, c) }), W, H)
		for y := range H {
			for x := range W {
				for c := range 3 {
					a, b := int(q.Pix[3*(y*W+x)+c]), int(mirrored.Pix[3*(y*W+W-1-x)+c])
					if a-b > 1 || b-a > 1 {
						t.Fatalf("%v: pixel %d,%d is %d, mirrored %d", s, x, y, a, b)
					}
				}
			}
		}
		if W <= w && H <= h { // shrinking averages; an interpolation may favour some pixels
			if a, b := mean(p), mean(q); math.Abs(a-b) > 2 {
				t.Errorf("%v: mean %.2f became %.2f", s, a, b)
			}
		}
	}
}

func mean(p tensor.RGB8) float64 {
	var sum float64
	for _, v := range p.Pix {
		sum += float64(v)
	}
	return sum / float64(len(p.Pix))
}

// Stripes one pixel wide become grey when shrunk, not other stripes: without
// the wide filter this aliases.
func TestResizeAntialiased(t *testing.T) {
	p := picture(1000, 8, func(x, _, _ int) uint8 { return uint8(x % 2 * 255) })
	q := tensor.Resize(p, 93, 8)
	if lo, hi := slices.Min(q.Pix), slices.Max(q.Pix); lo < 112 || hi > 144 {
		t.Errorf("stripes shrunk to values from %d to %d, want near 128", lo, hi)
	}
}

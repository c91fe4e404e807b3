package tensor_test

import (
	"bytes"
	"math"
	"testing"

	"blastlens/wasm/tensor"
)

func TestCentreCrop(t *testing.T) {
	// Three bands along the long side; only the middle one may survive.
	bands := func(w, h int) tensor.RGB8 {
		return picture(w, h, func(x, y, _ int) uint8 {
			at, long := x, w
			if h > w {
				at, long = y, h
			}
			return []uint8{10, 100, 200}[min(3*at/long, 2)]
		})
	}
	for _, s := range [][2]int{{300, 100}, {100, 300}, {1500, 500}, {90, 30}} {
		got := tensor.CentreCrop(bands(s[0], s[1]), 100)
		if got.W != 100 || got.H != 100 {
			t.Fatalf("%v became %d x %d", s, got.W, got.H)
		}
		for _, at := range [][2]int{{50, 50}, {4, 50}, {95, 50}, {50, 4}, {50, 95}} {
			if v := got.Pix[3*(at[1]*100+at[0])]; v != 100 {
				t.Errorf("%v: pixel %v is %d, want the middle band's 100", s, at, v)
			}
		}
	}
	p := picture(64, 64, noise)
	if got := tensor.CentreCrop(p, 64); !bytes.Equal(got.Pix, p.Pix) {
		t.Error("a picture of the right size was changed")
	}
	for _, s := range [][2]int{{64, 65}, {65, 64}, {1, 3000}, {3000, 1}, {223, 224}} {
		if got := tensor.CentreCrop(picture(s[0], s[1], noise), 64); got.W != 64 || got.H != 64 || len(got.Pix) != 3*64*64 {
			t.Errorf("%v became %d x %d", s, got.W, got.H)
		}
	}
}

func TestCrop(t *testing.T) {
	p := picture(5, 4, func(x, y, c int) uint8 { return uint8(100*c + 10*y + x) })
	got := tensor.Crop(p, 2, 1, 2, 3)
	want := []uint8{
		12, 112, 212, 13, 113, 213,
		22, 122, 222, 23, 123, 223,
		32, 132, 232, 33, 133, 233,
	}
	if !bytes.Equal(got.Pix, want) {
		t.Errorf("got %v, want %v", got.Pix, want)
	}
}

func TestInput(t *testing.T) {
	p := picture(2, 2, func(x, y, c int) uint8 { return []uint8{0, 51, 204, 255}[2*y+x] })
	x := tensor.Input(p, 2, [3]float32{0.5, 0, 0.2}, [3]float32{0.5, 1, 0.1})
	want := []float64{
		-1, 0, -2,
		-0.6, 0.2, 0,
		0.6, 0.8, 6,
		1, 1, 8,
	}
	if len(x) != len(want) {
		t.Fatalf("%d values, want %d", len(x), len(want))
	}
	for i := range x {
		if math.Abs(float64(x[i])-want[i]) > 1e-5 {
			t.Errorf("value %d is %v, want %v", i, x[i], want[i])
		}
	}
	if x := tensor.Input(picture(300, 200, noise), 96, [3]float32{}, [3]float32{1, 1, 1}); len(x) != 3*96*96 {
		t.Errorf("%d values, want %d", len(x), 3*96*96)
	}
}

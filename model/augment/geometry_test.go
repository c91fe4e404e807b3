package augment

import (
	"slices"
	"testing"

	"blastlens/wasm/tensor"
)

// tiny makes a picture of w columns; each pixel has one value in all channels.
func tiny(w int, values ...uint8) tensor.RGB8 {
	p := tensor.NewRGB8(w, len(values)/w)
	for i, v := range values {
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = v, v, v
	}
	return p
}

func values(p tensor.RGB8) (v []uint8) {
	for i := 0; i < len(p.Pix); i += 3 {
		v = append(v, p.Pix[i])
	}
	return v
}

func TestWarpByHand(t *testing.T) {
	square := tiny(3,
		1, 2, 3,
		4, 5, 6,
		7, 8, 9)
	wide := tiny(4,
		10, 20, 30, 40,
		50, 60, 70, 80)
	quarter := matrix{0, 1, -1, 0}
	for name, c := range map[string]struct {
		m    matrix
		p    tensor.RGB8
		want []uint8
	}{
		"still":                      {still, wide, values(wide)},
		"left to right":              {flip([2]float64{}, nil, false), wide, []uint8{40, 30, 20, 10, 80, 70, 60, 50}},
		"top to bottom":              {flipVertically([2]float64{}, nil, false), wide, []uint8{50, 60, 70, 80, 10, 20, 30, 40}},
		"half a turn":                {matrix{-1, 0, 0, -1}, wide, []uint8{80, 70, 60, 50, 40, 30, 20, 10}},
		"a quarter, clockwise":       {quarter, square, []uint8{7, 4, 1, 8, 5, 2, 9, 6, 3}},
		"a quarter, even side":       {quarter, tiny(2, 1, 2, 3, 4), []uint8{3, 1, 4, 2}},
		"two quarters":               {quarter.after(quarter), square, []uint8{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"flip, then a quarter":       {flip([2]float64{}, nil, true).after(quarter), square, []uint8{9, 6, 3, 8, 5, 2, 7, 4, 1}},
		"a quarter, then flip":       {quarter.after(flip([2]float64{}, nil, true)), square, []uint8{1, 4, 7, 2, 5, 8, 3, 6, 9}},
		"twice as large":             {matrix{.5, 0, 0, .5}, tiny(4, 0, 0, 100, 100), []uint8{0, 25, 75, 100}},
		"half as large, reflected":   {matrix{2, 0, 0, 1}, tiny(4, 0, 80, 120, 200), []uint8{40, 40, 160, 160}},
		"three pixels out, mirrored": {matrix{3, 0, 0, 1}, tiny(3, 10, 20, 30), []uint8{20, 20, 20}},
	} {
		if got := values(c.m.warp(c.p)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestReflect(t *testing.T) {
	want := []int{2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0}
	for k, w := range want {
		if got := reflect(k-4, 3); got != w {
			t.Errorf("reflect(%d, 3) is %d, want %d", k-4, got, w)
		}
	}
}

// A right angle of a picture that is not square would lose its ends.
func TestRightAnglesKeepTheField(t *testing.T) {
	for name, c := range map[string]struct {
		p    tensor.RGB8
		ways int
	}{"square": {tiny(2, 1, 2, 3, 4), 4}, "wide": {tiny(3, 1, 2, 3, 4, 5, 6), 2}} {
		seen := map[string]bool{}
		for k := range 60 {
			got := values(list(t, "rot90").Apply(c.p, Rand(1, 0, k)))
			seen[string(got)] = true
			if slices.Sort(got); !slices.Equal(got, values(c.p)) {
				t.Fatalf("%s: pixels were lost: %v", name, got)
			}
		}
		if len(seen) != c.ways {
			t.Errorf("%s: %d ways to lie, want %d", name, len(seen), c.ways)
		}
	}
}

// Amounts are limits: whatever is drawn stays inside, and reaches out both ways.
func TestAmountsAreLimits(t *testing.T) {
	var turn, scale []float64
	for k := range 300 {
		turn = append(turn, rotate([2]float64{10, 10}, Rand(1, 0, k), true)[1]) // the sine
		scale = append(scale, zoom([2]float64{1.25, 1.25}, Rand(2, 0, k), true)[0])
	}
	const sine = 0.17364817766693 // of 10 degrees
	if lo, hi := slices.Min(turn), slices.Max(turn); lo < -sine-1e-9 || hi > sine+1e-9 || lo > -.9*sine || hi < .9*sine {
		t.Errorf("sines from %.3f to %.3f, want nearly all of -+%.3f", lo, hi, sine)
	}
	if lo, hi := slices.Min(scale), slices.Max(scale); lo < .8-1e-9 || hi > 1.25+1e-9 || lo > .82 || hi < 1.22 {
		t.Errorf("scales from %.3f to %.3f, want nearly all of 0.8 to 1.25", lo, hi)
	}
}

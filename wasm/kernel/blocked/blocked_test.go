package blocked_test

import (
	"slices"
	"testing"

	"blastlens/wasm/kernel/blocked"
)

// count is 1, 2, 3, ...
func count(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i + 1)
	}
	return x
}

func TestPlanes(t *testing.T) {
	for _, s := range []struct{ rows, c int }{{1, 1}, {1, 19}, {5, 8}, {7, 17}, {49, 24}} {
		x := count(s.rows * s.c)
		planes := make([]float32, blocked.Size(s.rows, s.c)/4)
		blocked.Put(planes, x, s.rows, s.c)
		r, c := s.rows-1, s.c-1
		if got, want := planes[c/8*blocked.Stride(s.rows)/4+r*8+c%8], x[len(x)-1]; got != want {
			t.Errorf("%v: the last value is %v, want %v", s, got, want)
		}
		if got := blocked.Take(planes, s.rows, s.c); !slices.Equal(got, x) {
			t.Errorf("%v: put and taken, %v is %v", s, x, got)
		}
	}
}

// Planes of one pixel may not meet in one set of a cache of 64 sets.
func TestStrideIsOdd(t *testing.T) {
	for rows := 2; rows < 300; rows++ {
		if s := blocked.Stride(rows); s < rows*blocked.PixelBytes || s%128 != 64 {
			t.Errorf("%d rows: stride %d, want an odd number of lines of 64 bytes that holds them", rows, s)
		}
	}
}

func TestPanels(t *testing.T) {
	for _, s := range []struct{ c, m int }{{1, 1}, {8, 8}, {3, 17}, {9, 24}} {
		w := count(s.c * s.m)
		panels := make([]float32, blocked.PanelFloats(s.c, s.m))
		blocked.Panels(panels, w, s.c, s.m)
		depth := blocked.Planes(s.c) * 8
		for i, got := range panels {
			k, j := i/8%depth, i/8/depth*8+i%8
			want := float32(0)
			if k < s.c && j < s.m {
				want = w[k*s.m+j]
			}
			if got != want {
				t.Fatalf("%v: row %d of column %d is %v, want %v", s, k, j, got, want)
			}
		}
	}
}

func TestTaps(t *testing.T) {
	const taps, c = 9, 11
	w := count(taps * c)
	panels := make([]float32, blocked.TapFloats(taps, c))
	blocked.Taps(panels, w, taps, c)
	if got, want := panels[(1*taps+4)*8+2], w[4*c+10]; got != want {
		t.Errorf("tap 4 of channel 10 is %v, want %v", got, want)
	}
	if got := panels[(1*taps+4)*8+3]; got != 0 {
		t.Errorf("tap 4 of channel 11, which there is not, is %v", got)
	}
}

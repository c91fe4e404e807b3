package pool_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
)

// The gradient is the slope of the reference. Maxima that lie closer together
// than the difference quotient's step have no slope: the pictures here have none.
func TestBackwardIsTheSlope(t *testing.T) {
	for _, s := range []pool.Shape{{Pixels: 6, C: 5, Kind: pool.Avg}, {Pixels: 7, C: 4, Kind: pool.MaxAvg}, {Pixels: 1, C: 3, Kind: pool.MaxAvg}} {
		x, dy := kerneltest.Fill(3, s.Pixels*s.C), kerneltest.Fill(4, s.Kind.Out(s.C))
		dx := make([]float32, len(x))
		pool.Backward(dx, x, dy, s)
		kerneltest.Slope(t, string(s.Kind), x, dx, func() float64 {
			y := make([]float32, len(dy))
			pool.Ref(y, x, s)
			return kerneltest.Dot(y, dy)
		})
	}
}

func TestBackwardFirstMaximum(t *testing.T) {
	dx := make([]float32, 3)
	pool.Backward(dx, []float32{1, 2, 2}, []float32{6, 3}, pool.Shape{Pixels: 3, C: 1, Kind: pool.MaxAvg})
	for i, want := range []float32{1, 7, 1} {
		if dx[i] != want {
			t.Errorf("pixel %d: %v, want %v", i, dx[i], want)
		}
	}
}

package activation_test

import (
	"math"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
)

var kinds = []activation.Kind{activation.None, activation.ReLU, activation.Sigmoid, activation.SiLU}

// The slope is that of the function itself, by central differences in float64.
func TestSlope(t *testing.T) {
	for _, k := range kinds {
		for z := -9.97; z < 10; z += .1 {
			const d = 1e-5
			want := (exact(k, z+d) - exact(k, z-d)) / (2 * d)
			if got := float64(k.Slope(float32(z))); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s at %.2f: slope %v, want %v", k, z, got, want)
			}
		}
	}
}

func TestGradientAgainstSlope(t *testing.T) {
	kerneltest.AssertWidth(t, activation.Implementation())
	for _, k := range kinds {
		for n := range 70 {
			z, dy := kerneltest.Scaled(uint32(n), n+2, 12), kerneltest.Fill(uint32(100+n), n+2)
			want := append([]float32(nil), dy...)
			for i := 1; i <= n; i++ {
				want[i] *= k.Slope(z[i])
			}
			k.Gradient(dy[1:n+1], z[1:n+1])
			for i := range want {
				if math.Abs(float64(dy[i]-want[i])) > 1e-6 {
					t.Fatalf("%q, %d values: value %d is %v, want %v", k, n, i-1, dy[i], want[i])
				}
			}
		}
	}
	for _, z := range []float32{-1e30, -100, 100, 1e30} {
		dy := make([]float32, 16)
		for i := range dy {
			dy[i] = 1
		}
		zs := make([]float32, 16)
		for i := range zs {
			zs[i] = z
		}
		activation.SiLU.Gradient(dy, zs)
		if want := max(0, min(1, z)); math.Abs(float64(dy[0]-want)) > 1e-5 {
			t.Errorf("SiLU's slope at %g is %v, want %v", z, dy[0], want)
		}
	}
}

func BenchmarkSiLUGradient(b *testing.B) {
	z, one, dy := kerneltest.Fill(1, 4096), kerneltest.Fill(2, 4096), make([]float32, 4096)
	b.SetBytes(4 * 4096)
	for b.Loop() {
		copy(dy, one)
		activation.SiLU.Gradient(dy, z)
	}
}

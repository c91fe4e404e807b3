package activation_test

import (
	"math"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
)

func TestMapAgainstFloat64(t *testing.T) {
	kerneltest.AssertWidth(t, activation.Implementation())
	var xs []float32
	for x := float32(-87); x <= 87; x += 1.0 / 128 {
		xs = append(xs, x, x+0.003)
	}
	for e := -30; e < 6; e++ {
		xs = append(xs, float32(math.Ldexp(1.3, e)), -float32(math.Ldexp(1.3, e)))
	}
	xs = append(xs, 0, 1)
	for _, k := range []activation.Kind{activation.None, activation.ReLU, activation.Sigmoid, activation.SiLU} {
		t.Run(string(k), func(t *testing.T) {
			got := append([]float32(nil), xs...)
			k.Map(got)
			worst, at := 0.0, float32(0)
			for i, x := range xs {
				want := exact(k, float64(x))
				if want == 0 {
					if got[i] != 0 {
						t.Fatalf("%v becomes %v, want 0", x, got[i])
					}
					continue
				}
				if d := math.Abs(float64(got[i])-want) / math.Abs(want); !(d <= worst) {
					worst, at = d, x
				}
			}
			t.Logf("largest relative error %.3g at %v", worst, at)
			if !(worst <= 1e-6) {
				t.Errorf("relative error %.3g at %v, want at most 1e-6", worst, at)
			}
		})
	}
}

func TestMapFarOut(t *testing.T) {
	for _, x := range []float32{-1e30, -1000, -88.7, -88, 88, 1000, 1e30} {
		for _, k := range []activation.Kind{activation.Sigmoid, activation.SiLU} {
			for _, n := range []int{1, 16} { // a tail, and whole vectors
				y := make([]float32, n)
				for i := range y {
					y[i] = x
				}
				k.Map(y)
				want := exact(k, float64(x))
				for _, got := range y {
					if d := math.Abs(float64(got) - want); !(d <= 1e-6*math.Abs(want) || d <= 1e-35*math.Max(1, math.Abs(float64(x)))) {
						t.Errorf("%s(%v) = %v, want %v", k, x, got, want)
					}
				}
			}
		}
	}
}

// Every length up to several vectors: no value is missed, none twice, and
// nothing outside is touched.
func TestMapLengths(t *testing.T) {
	for n := range 70 {
		for _, k := range []activation.Kind{activation.ReLU, activation.Sigmoid, activation.SiLU} {
			x := kerneltest.Fill(uint32(n), n+2)
			y := append([]float32(nil), x...)
			k.Map(y[1 : n+1])
			for i := range x {
				want := float64(x[i])
				if i > 0 && i <= n {
					want = exact(k, want)
				}
				if math.Abs(float64(y[i])-want) > 1e-6 {
					t.Fatalf("%s, %d values: value %d is %v, want %v", k, n, i-1, y[i], want)
				}
			}
		}
	}
}

func BenchmarkSiLU(b *testing.B) {
	x, y := kerneltest.Fill(1, 4096), make([]float32, 4096)
	b.SetBytes(4 * 4096)
	for b.Loop() {
		copy(y, x) // applied again and again, the values would become denormal, and slow
		activation.SiLU.Map(y)
	}
}

func exact(k activation.Kind, x float64) float64 {
	switch k {
	case activation.ReLU:
		return math.Max(x, 0)
	case activation.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	case activation.SiLU:
		return x / (1 + math.Exp(-x))
	}
	return x
}

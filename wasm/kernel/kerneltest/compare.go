package kerneltest

import (
	"math"
	"testing"
)

// CPU and GPU are the largest difference from the scalar reference that an
// implementation may show, relative to the largest absolute value of the
// reference's output.
const (
	CPU = 1e-4
	GPU = 1e-3
)

// Equal reports an output that differs from the reference: another length, a
// value that is not finite, or max|got-want| > tolerance * max|want|.
func Equal(t testing.TB, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	largest, worst, at := 0.0, 0.0, 0
	for i, w := range want {
		largest = max(largest, math.Abs(float64(w)))
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) || math.IsInf(d, 0) {
			t.Fatalf("value %d is %v, want %v", i, got[i], w)
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if worst > tolerance*largest {
		t.Errorf("value %d is %v, want %v: off by %.3g of the largest, %v; allowed %.3g", at, got[at], want[at], worst/largest, largest, tolerance)
	}
}

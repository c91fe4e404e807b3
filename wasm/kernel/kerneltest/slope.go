package kerneltest

import (
	"math"
	"testing"
)

// Dot is the sum of products, in float64: as a loss, its gradient after y is dy.
func Dot(y, dy []float32) float64 {
	sum := 0.0
	for i, v := range y {
		sum += float64(v) * float64(dy[i])
	}
	return sum
}

// Slope reports a gradient that is not the slope of loss, by central
// differences, at up to 40 of the values of at.
func Slope(t testing.TB, name string, at, gradient []float32, loss func() float64) {
	t.Helper()
	const d = 1.0 / 256
	for i := 0; i < len(at); i += max(1, len(at)/40) {
		was := at[i]
		at[i] = was + d
		up := loss()
		at[i] = was - d
		down := loss()
		at[i] = was
		if want := (up - down) / (2 * d); !(math.Abs(float64(gradient[i])-want) <= 2e-3+1e-2*math.Abs(want)) {
			t.Errorf("%s[%d]: gradient %v, slope %v", name, i, gradient[i], want)
		}
	}
}

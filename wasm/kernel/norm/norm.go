// Package norm is batch-norm at inference, already reduced to a scale and a
// shift a channel: act(x*scale + shift). It runs only where the norm could not
// be folded into a neighbour.
package norm

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
)

// Shape of one call: x [Rows,C], scale [C], shift [C] -> y [Rows,C].
type Shape struct{ Rows, C int }

// Implementation names the code that Run chooses: "simd-512", "simd-256",
// "simd-128" or "scalar".
func Implementation() string { return lanes.Name() }

// Run computes y from x; y may be x.
func Run(y, x, scale, shift []float32, s Shape, act activation.Kind, threads *parallel.Pool) {
	scale, shift = scale[:s.C], shift[:s.C]
	threads.Split(s.Rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row, out := x[r*s.C:(r+1)*s.C], y[r*s.C:(r+1)*s.C]
			if lanes.Bits() == 0 {
				rowScalar(out, row, scale, shift)
			} else {
				rowVectors(out, row, scale, shift)
			}
		}
		act.Map(y[lo*s.C : hi*s.C])
	})
}

func rowScalar(y, x, scale, shift []float32) {
	x, scale, shift = x[:len(y)], scale[:len(y)], shift[:len(y)]
	for c := range y {
		y[c] = x[c]*scale[c] + shift[c]
	}
}

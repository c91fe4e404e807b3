// Package pool reduces all pixels of a map to one value a channel.
package pool

import (
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
)

// Kind is what is kept of each channel.
type Kind string

const (
	Avg    Kind = "avg"     // y [C]
	MaxAvg Kind = "max+avg" // y [2C]: maxima, then averages (fastai's AdaptiveConcatPool2d)
)

// Out is the number of values that c channels become.
func (k Kind) Out(c int) int {
	if k == MaxAvg {
		return 2 * c
	}
	return c
}

// Shape of one call: x [Pixels,C] -> y [Kind.Out(C)].
type Shape struct {
	Pixels, C int
	Kind      Kind
}

// Implementation names the code that Run chooses: "simd-512", "simd-256",
// "simd-128" or "scalar".
func Implementation() string { return lanes.Name() }

// block is how many channels one thread reduces at least: below, threads would
// share cache lines of every pixel.
const block = 64

// Run computes y from x. Sums are float32, taken in runs of 64 pixels so that
// the error of a large map stays below 1e-6 of the mean magnitude.
func Run(y, x []float32, s Shape, threads *parallel.Pool) {
	var top []float32
	avg := y[:s.Kind.Out(s.C)]
	if s.Kind == MaxAvg {
		top, avg = y[:s.C], y[s.C:2*s.C]
	}
	threads.Split((s.C+block-1)/block, func(lo, hi int) {
		c0, c1 := lo*block, min(hi*block, s.C)
		// The scalar code also takes maps with fewer channels than a vector.
		if lanes.Bits() == 0 || (c1-c0)*32 < lanes.Bits() {
			averageScalar(avg, x, s, c0, c1)
			if top != nil {
				maximumScalar(top, x, s, c0, c1)
			}
			return
		}
		averageVectors(avg, x, s, c0, c1)
		if top != nil {
			maximumVectors(top, x, s, c0, c1)
		}
	})
}

// run is how many pixels are summed before their sum joins the total.
const run = 64

func averageScalar(y, x []float32, s Shape, c0, c1 int) {
	for c := c0; c < c1; c += 4 {
		n := min(4, c1-c)
		var total [4]float64 // a scalar sum in float64 costs no more
		for p := range s.Pixels {
			for i, v := range x[p*s.C+c:][:n] {
				total[i] += float64(v)
			}
		}
		for i := range n {
			y[c+i] = float32(total[i] / float64(s.Pixels))
		}
	}
}

func maximumScalar(y, x []float32, s Shape, c0, c1 int) {
	top := y[c0:c1]
	copy(top, x[c0:c1])
	for p := 1; p < s.Pixels; p++ {
		for i, v := range x[p*s.C+c0:][:len(top)] {
			top[i] = max(top[i], v)
		}
	}
}

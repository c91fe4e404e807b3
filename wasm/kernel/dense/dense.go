// Package dense is a fully connected layer on one row: act(x·w + b).
package dense

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
)

// Shape of one call: x [C], w [C,M], b [M] -> y [M].
type Shape struct{ C, M int }

// Implementation names the code that Run chooses for layers at least one vector
// wide: "simd-512", "simd-256", "simd-128" or "scalar".
func Implementation() string { return lanes.Name() }

const (
	// block is how many columns one thread computes at least: 256 bytes of each
	// row of w, so that memory is read in whole lines.
	block = 64
	// parallelFrom is the number of weights below which waking another thread
	// takes longer (about 5 us) than reading them (4 bytes at 10 GB/s).
	parallelFrom = 1 << 15
)

// Run computes y from x; the weights are read once, in the order of the rows.
func Run(y, x, w, b []float32, s Shape, act activation.Kind, threads *parallel.Pool) {
	if s.C*s.M < parallelFrom {
		threads = nil
	}
	threads.Split((s.M+block-1)/block, func(lo, hi int) {
		m0, m1 := lo*block, min(hi*block, s.M)
		// The scalar code also takes layers with fewer columns than a vector.
		if lanes.Bits() == 0 || (m1-m0)*32 < lanes.Bits() {
			columnsScalar(y, x, w, b, s, m0, m1)
		} else {
			columnsVectors(y, x, w, b, s, m0, m1)
		}
		act.Map(y[m0:m1])
	})
}

// columnsScalar computes columns m0..m1 without vectors, four at a time.
func columnsScalar(y, x, w, b []float32, s Shape, m0, m1 int) {
	m := m0
	for ; m+4 <= m1; m += 4 {
		a0, a1, a2, a3 := b[m], b[m+1], b[m+2], b[m+3]
		for c, v := range x[:s.C] {
			f := w[c*s.M+m:][:4]
			a0 += v * f[0]
			a1 += v * f[1]
			a2 += v * f[2]
			a3 += v * f[3]
		}
		y[m], y[m+1], y[m+2], y[m+3] = a0, a1, a2, a3
	}
	for ; m < m1; m++ {
		sum := b[m]
		for c, v := range x[:s.C] {
			sum += v * w[c*s.M+m]
		}
		y[m] = sum
	}
}

// Package squeeze is squeeze-and-excitation's gate (Hu et al. 2018): the mean of
// each channel through two dense layers, sigmoid(silu(mean·w1+b1)·w2+b2). The
// following pointwise convolution multiplies its input by it.
package squeeze

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/scratch"
)

// Shape of one call: x [Pixels,C], w1 [C,S], b1 [S], w2 [S,C], b2 [C] -> gate [C].
type Shape struct{ Pixels, C, S int }

// Implementation names the code that Run chooses: it is package pool's and
// package dense's.
func Implementation() string { return dense.Implementation() }

// Run computes the gate of x.
func Run(gate, x, w1, b1, w2, b2 []float32, s Shape, threads *parallel.Pool) {
	buffer := scratch.Get(s.C + s.S)
	defer buffer.Put()
	mean, hidden := buffer.F[:s.C], buffer.F[s.C:]
	pool.Run(mean, x, pool.Shape{Pixels: s.Pixels, C: s.C, Kind: pool.Avg}, threads)
	dense.Run(hidden, mean, w1, b1, dense.Shape{C: s.C, M: s.S}, activation.SiLU, threads)
	dense.Run(gate, hidden, w2, b2, dense.Shape{C: s.S, M: s.C}, activation.Sigmoid, threads)
}

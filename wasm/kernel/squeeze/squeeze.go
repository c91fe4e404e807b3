// Package squeeze is squeeze-and-excitation's gate (Hu et al. 2018): the mean of
// each channel through two dense layers, sigmoid(silu(mean·w1+b1)·w2+b2). The
// following pointwise convolution multiplies its input by it.
package squeeze

// Shape of one call: x [Pixels,C], w1 [C,S], b1 [S], w2 [S,C], b2 [C] -> gate [C].
type Shape struct{ Pixels, C, S int }

// Package pointwise is the 1x1 convolution on NHWC, a matrix product:
// act((x*gate)·w + b) + residual. It is nine tenths of the network's arithmetic.
package pointwise

// Shape of one call: x [Rows,C], w [C,M], b [M], gate [C], residual [Rows,M] -> y [Rows,M].
// Rows is N*H*W.
type Shape struct{ Rows, C, M int }

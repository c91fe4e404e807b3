// Package norm is batch-norm at inference, already reduced to a scale and a
// shift a channel: act(x*scale + shift). It runs only where the norm could not
// be folded into a neighbour.
package norm

// Shape of one call: x [Rows,C], scale [C], shift [C] -> y [Rows,C].
type Shape struct{ Rows, C int }

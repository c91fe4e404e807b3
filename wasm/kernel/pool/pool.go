// Package pool reduces all pixels of a map to one value a channel.
package pool

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

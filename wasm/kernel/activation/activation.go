// Package activation names the pointwise non-linearities that every kernel
// can apply in its epilogue.
package activation

import "math"

// Kind is an activation; it travels in plans as its string.
type Kind string

const (
	None    Kind = ""
	SiLU    Kind = "silu"    // x * sigmoid(x)
	ReLU    Kind = "relu"    // max(x, 0)
	Sigmoid Kind = "sigmoid" // 1 / (1 + exp(-x))
)

// Apply is the scalar reference, in float64.
func (k Kind) Apply(x float32) float32 {
	switch k {
	case SiLU:
		return float32(float64(x) / (1 + math.Exp(-float64(x))))
	case ReLU:
		return max(x, 0)
	case Sigmoid:
		return float32(1 / (1 + math.Exp(-float64(x))))
	}
	return x
}

// Valid reports whether k is one of the kinds above.
func (k Kind) Valid() bool { return k == None || k == SiLU || k == ReLU || k == Sigmoid }

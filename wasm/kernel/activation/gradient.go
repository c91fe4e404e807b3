package activation

import (
	"math"

	"blastlens/wasm/kernel/lanes"
)

// Slope is the derivative of k at z, in float64: the reference of Gradient.
func (k Kind) Slope(z float32) float32 {
	s := 1 / (1 + math.Exp(-float64(z)))
	switch k {
	case SiLU:
		return float32(s * (1 + float64(z)*(1-s)))
	case ReLU:
		if z > 0 {
			return 1
		}
		return 0
	case Sigmoid:
		return float32(s * (1 - s))
	}
	return 1
}

// Gradient multiplies dy by k's slope at z, value by value, in place: the
// gradient after the activation becomes the one before it. len(z) = len(dy).
func (k Kind) Gradient(dy, z []float32) {
	z = z[:len(dy)]
	switch {
	case k == None:
	case lanes.Bits() == 0:
		k.gradientScalar(dy, z)
	default:
		k.gradientVectors(dy, z)
	}
}

func (k Kind) gradientScalar(dy, z []float32) {
	z = z[:len(dy)]
	switch k {
	case ReLU:
		for i, v := range z {
			if !(v > 0) {
				dy[i] = 0
			}
		}
	case SiLU:
		for i, v := range z {
			s := 1 / (1 + expNeg(v))
			dy[i] *= s * (1 + v*(1-s))
		}
	case Sigmoid:
		for i, v := range z {
			s := 1 / (1 + expNeg(v))
			dy[i] *= s * (1 - s)
		}
	}
}

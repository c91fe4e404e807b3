package activation

import "blastlens/wasm/kernel/lanes"

// Implementation names the code that Map runs: "simd-512", ..., "scalar".
func Implementation() string { return lanes.Name() }

// Map applies k to every value of y in place.
//
// Sigmoid and SiLU are within 1e-6 of the exact value, relative to it, for
// |x| <= 87, and within 1e-35 of it beyond, where the exponential would leave
// the normal range of float32.
func (k Kind) Map(y []float32) {
	switch {
	case k == None:
	case lanes.Bits() == 0:
		k.scalar(y)
	default:
		k.vectors(y)
	}
}

func (k Kind) scalar(y []float32) {
	switch k {
	case ReLU:
		for i, v := range y {
			if v < 0 {
				y[i] = 0
			}
		}
	case SiLU:
		for i, v := range y {
			y[i] = v / (1 + expNeg(v))
		}
	case Sigmoid:
		for i, v := range y {
			y[i] = 1 / (1 + expNeg(v))
		}
	}
}

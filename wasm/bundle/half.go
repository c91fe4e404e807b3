package bundle

import "math"

// Half is v in IEEE 754 half precision, rounded to nearest, ties to even;
// beyond 65504 it is infinite.
func Half(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	magnitude := bits &^ (1 << 31)
	switch {
	case magnitude > 0x7f800000: // NaN
		return sign | 0x7e00
	case magnitude >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2^-14: subnormal in steps of 2^-24
		// Adding 0.5 leaves the value in units of 2^-24 in the low bits, rounded by the adder.
		sum := math.Float32frombits(magnitude) + 0.5
		return sign | uint16(math.Float32bits(sum)-0x3f000000)
	}
	// Round at bit 13, ties to even, and rebias the exponent from 127 to 15.
	rounded := magnitude + 0xfff + (magnitude >> 13 & 1)
	return sign | uint16((rounded-0x38000000)>>13)
}

// FromHalf is the float32 of a half-precision number; every one has an exact float32.
func FromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	case 0:
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

package activation

import "math"

// exp(-x) = 2^n * exp(r) with n the integer nearest to -x/ln 2 and r in
// [-ln2/2, ln2/2], where the polynomial of degree 5 that begins with 1 + r and is
// best in relative error is within 1.1e-7, as good as Taylor's of degree 6.
// ln 2 is split in two (Cody and Waite), so that n*ln2Hi is exact. Adding
// rounder leaves n + 127, the exponent field of 2^n, in the lowest bits.
const (
	limit    = 87 // exp(-87) is still a normal float32
	log2e    = 1.44269504088896341
	ln2Hi    = 0.693359375
	ln2Lo    = -2.12194440e-4
	rounder  = 1<<23 + 1<<22 + 127
	poly2    = 0.4999923031
	poly3    = 0.1666711539
	poly4    = 0.04189033171
	poly5    = 0.008312501297
	mantissa = 23
)

// expNeg is exp(-x), x taken as within [-limit, limit].
func expNeg(x float32) float32 {
	x = -x
	// Not min and max: those of floats are calls in a tab.
	if x < -limit {
		x = -limit
	}
	if x > limit {
		x = limit
	}
	shifted := float32(x*log2e) + rounder
	n := shifted - rounder
	r := float32(x-float32(n*ln2Hi)) - float32(n*ln2Lo)
	p := float32(poly5)
	p = p*r + poly4
	p = p*r + poly3
	p = p*r + poly2
	p = p*r + 1
	p = p*r + 1
	return p * math.Float32frombits(math.Float32bits(shifted)<<mantissa)
}

//go:build goexperiment.simd && go1.27

package activation

import "simd"

func (k Kind) vectors(y []float32) {
	switch k {
	case ReLU:
		relu(y)
	case SiLU:
		logistic(y, true)
	case Sigmoid:
		logistic(y, false)
	}
}

func relu(y []float32) {
	var zero simd.Float32s
	lanes := zero.Len()
	for ; len(y) >= lanes; y = y[lanes:] {
		simd.LoadFloat32s(y).Max(zero).Store(y)
	}
	ReLU.scalar(y)
}

// widest is the number of float32 in the longest vector there is, of 512 bits.
const widest = 16

// logistic replaces y by 1/(1+exp(-y)), or by y times that. The exponential is
// expNeg for every lane, written out in the loop: a call for each vector costs
// as much as the arithmetic in a tab.
func logistic(y []float32, times bool) {
	one := simd.BroadcastFloat32s(1)
	lanes := one.Len()
	low, high := simd.BroadcastFloat32s(-limit), simd.BroadcastFloat32s(limit)
	scale, shift := simd.BroadcastFloat32s(-log2e), simd.BroadcastFloat32s(rounder)
	hi, lo := simd.BroadcastFloat32s(-ln2Hi), simd.BroadcastFloat32s(-ln2Lo)
	c2, c3, c4 := simd.BroadcastFloat32s(poly2), simd.BroadcastFloat32s(poly3), simd.BroadcastFloat32s(poly4)
	c5 := simd.BroadcastFloat32s(poly5)
	for ; len(y) >= lanes; y = y[lanes:] {
		above := one
		x := simd.LoadFloat32s(y)
		if times {
			above = x
		}
		x = x.Max(low).Min(high)
		shifted := x.MulAdd(scale, shift)
		n := shifted.Sub(shift)
		r := n.MulAdd(lo, n.MulAdd(hi, x.Neg())) // -x - n*ln2
		p := c5.MulAdd(r, c4)
		p = p.MulAdd(r, c3)
		p = p.MulAdd(r, c2)
		p = p.MulAdd(r, one)
		p = p.MulAdd(r, one)
		power := shifted.ToBits().ShiftAllLeft(mantissa).BitsToFloat32()
		above.Div(p.MulAdd(power, one)).Store(y)
	}
	if len(y) > 0 {
		var last [widest]float32
		copy(last[:], y)
		logistic(last[:lanes], times)
		copy(y, last[:])
	}
}

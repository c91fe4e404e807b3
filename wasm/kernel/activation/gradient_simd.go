//go:build goexperiment.simd && go1.27

package activation

import "simd"

func (k Kind) gradientVectors(dy, z []float32) {
	switch k {
	case ReLU:
		reluGradient(dy, z)
	case SiLU:
		logisticGradient(dy, z, true)
	case Sigmoid:
		logisticGradient(dy, z, false)
	}
}

func reluGradient(dy, z []float32) {
	var zero simd.Float32s
	lanes := zero.Len()
	for ; len(dy) >= lanes && len(z) >= lanes; dy, z = dy[lanes:], z[lanes:] {
		simd.LoadFloat32s(dy).Masked(simd.LoadFloat32s(z).Greater(zero)).Store(dy)
	}
	ReLU.gradientScalar(dy, z)
}

// logisticGradient multiplies dy by the slope of the logistic function at z, or
// of z times it. The exponential is written out as in logistic, for the same reason.
func logisticGradient(dy, z []float32, times bool) {
	one := simd.BroadcastFloat32s(1)
	lanes := one.Len()
	low, high := simd.BroadcastFloat32s(-limit), simd.BroadcastFloat32s(limit)
	scale, shift := simd.BroadcastFloat32s(-log2e), simd.BroadcastFloat32s(rounder)
	hi, lo := simd.BroadcastFloat32s(-ln2Hi), simd.BroadcastFloat32s(-ln2Lo)
	c2, c3, c4 := simd.BroadcastFloat32s(poly2), simd.BroadcastFloat32s(poly3), simd.BroadcastFloat32s(poly4)
	c5 := simd.BroadcastFloat32s(poly5)
	for ; len(dy) >= lanes && len(z) >= lanes; dy, z = dy[lanes:], z[lanes:] {
		at := simd.LoadFloat32s(z)
		x := at.Max(low).Min(high)
		shifted := x.MulAdd(scale, shift)
		n := shifted.Sub(shift)
		r := n.MulAdd(lo, n.MulAdd(hi, x.Neg())) // -x - n*ln2
		p := c5.MulAdd(r, c4)
		p = p.MulAdd(r, c3)
		p = p.MulAdd(r, c2)
		p = p.MulAdd(r, one)
		p = p.MulAdd(r, one)
		power := shifted.ToBits().ShiftAllLeft(mantissa).BitsToFloat32()
		s := one.Div(p.MulAdd(power, one))
		slope := one.Sub(s) // of the logistic function, over s
		if times {
			slope = at.MulAdd(slope, one)
		}
		simd.LoadFloat32s(dy).Mul(s.Mul(slope)).Store(dy)
	}
	if len(dy) > 0 {
		var lastDY, lastZ [widest]float32
		copy(lastDY[:], dy)
		copy(lastZ[:], z)
		logisticGradient(lastDY[:lanes], lastZ[:lanes], times)
		copy(dy, lastDY[:])
	}
}

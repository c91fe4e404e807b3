//go:build goexperiment.simd && go1.27

package activation

import "simd"

func (k Kind) vectors(y []float32) {
	switch k {
	case ReLU:
		relu(y)
	case SiLU:
		silu(y)
	case Sigmoid:
		sigmoid(y)
	}
}

func relu(y []float32) {
	var zero simd.Float32s
	lanes := zero.Len()
	for ; len(y) >= lanes; y = y[lanes:] {
		simd.LoadFloat32s(y).Max(zero).Store(y)
	}
	if len(y) > 0 {
		x, _ := simd.LoadFloat32sPart(y)
		x.Max(zero).StorePart(y)
	}
}

func silu(y []float32) {
	one := simd.BroadcastFloat32s(1)
	lanes := one.Len()
	for ; len(y) >= lanes; y = y[lanes:] {
		x := simd.LoadFloat32s(y)
		x.Div(one.Add(expNegVector(x))).Store(y)
	}
	if len(y) > 0 {
		x, _ := simd.LoadFloat32sPart(y)
		x.Div(one.Add(expNegVector(x))).StorePart(y)
	}
}

func sigmoid(y []float32) {
	one := simd.BroadcastFloat32s(1)
	lanes := one.Len()
	for ; len(y) >= lanes; y = y[lanes:] {
		one.Div(one.Add(expNegVector(simd.LoadFloat32s(y)))).Store(y)
	}
	if len(y) > 0 {
		x, _ := simd.LoadFloat32sPart(y)
		one.Div(one.Add(expNegVector(x))).StorePart(y)
	}
}

// expNegVector is expNeg for every lane.
func expNegVector(x simd.Float32s) simd.Float32s {
	x = x.Max(simd.BroadcastFloat32s(-limit)).Min(simd.BroadcastFloat32s(limit))
	shift := simd.BroadcastFloat32s(rounder)
	shifted := x.MulAdd(simd.BroadcastFloat32s(-log2e), shift)
	n := shifted.Sub(shift)
	// r = -x - n*ln2
	r := n.MulAdd(simd.BroadcastFloat32s(-ln2Hi), x.Neg())
	r = n.MulAdd(simd.BroadcastFloat32s(-ln2Lo), r)
	one := simd.BroadcastFloat32s(1)
	p := simd.BroadcastFloat32s(poly6).MulAdd(r, simd.BroadcastFloat32s(poly5))
	p = p.MulAdd(r, simd.BroadcastFloat32s(poly4))
	p = p.MulAdd(r, simd.BroadcastFloat32s(poly3))
	p = p.MulAdd(r, simd.BroadcastFloat32s(poly2))
	p = p.MulAdd(r, one)
	p = p.MulAdd(r, one)
	return p.Mul(shifted.ToBits().ShiftAllLeft(mantissa).BitsToFloat32())
}

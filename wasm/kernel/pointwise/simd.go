//go:build goexperiment.simd && go1.27

package pointwise

import (
	"simd"

	"blastlens/wasm/kernel/lanes"
)

// panelVectors computes the product and bias of one panel, blockDepth input
// channels at a time; between them the sums stand in y. It is no method, so that
// the compiler chooses the vector width here and not again at every tile.
func panelVectors(p *Packed, y, x []float32, rows int, t panel) {
	var v simd.Float32s
	width := t.vectors * v.Len()
	for k0 := 0; k0 < p.c; k0 += blockDepth {
		k1 := min(k0+blockDepth, p.c)
		w := p.w[t.w+k0*width : t.w+k1*width]
		var bias []float32 // nil: go on from y
		if k0 == 0 {
			bias = p.b[t.b : t.b+width]
		}
		for r := 0; r < rows; r += 4 {
			// Where fewer than four rows are left, the last one is computed again:
			// all loads of a tile come before its stores.
			var rs [4]int
			for i := range rs {
				rs[i] = min(r+i, rows-1)
			}
			x0 := x[rs[0]*p.c+k0 : rs[0]*p.c+k1]
			x1 := x[rs[1]*p.c+k0 : rs[1]*p.c+k1]
			x2 := x[rs[2]*p.c+k0 : rs[2]*p.c+k1]
			x3 := x[rs[3]*p.c+k0 : rs[3]*p.c+k1]
			for i := range rs {
				rs[i] = rs[i]*p.m + t.col0
			}
			if t.vectors == 2 {
				tile2(y, rs, t.col1-t.col0, x0, x1, x2, x3, w, bias)
			} else {
				tile1(y, rs, x0, x1, x2, x3, w, bias)
			}
		}
	}
}

// tile2 computes four rows of two vectors. Row i of the result starts at
// y[at[i]], its second vector next further on; w is [len(x0)][two vectors].
func tile2(y []float32, at [4]int, next int, x0, x1, x2, x3, w, bias []float32) {
	var a00, a01, a10, a11, a20, a21, a30, a31 simd.Float32s
	lanes := a00.Len()
	if bias != nil {
		a00, a01 = simd.LoadFloat32s(bias), simd.LoadFloat32s(bias[lanes:])
		a10, a11, a20, a21, a30, a31 = a00, a01, a00, a01, a00, a01
	} else {
		a00, a01 = simd.LoadFloat32s(y[at[0]:]), simd.LoadFloat32s(y[at[0]+next:])
		a10, a11 = simd.LoadFloat32s(y[at[1]:]), simd.LoadFloat32s(y[at[1]+next:])
		a20, a21 = simd.LoadFloat32s(y[at[2]:]), simd.LoadFloat32s(y[at[2]+next:])
		a30, a31 = simd.LoadFloat32s(y[at[3]:]), simd.LoadFloat32s(y[at[3]+next:])
	}
	x1, x2, x3 = x1[:len(x0)], x2[:len(x0)], x3[:len(x0)]
	// Four channels at a time: +12 % natively and +17 % in a tab over one, for
	// the compiler moves all eight sums to other registers at the end of a round.
	k := 0
	for ; k < len(x0)-3 && len(w) >= 8*lanes; k += 4 {
		w0, w1 := simd.LoadFloat32s(w), simd.LoadFloat32s(w[lanes:])
		v := simd.BroadcastFloat32s(x0[k])
		a00, a01 = v.MulAdd(w0, a00), v.MulAdd(w1, a01)
		v = simd.BroadcastFloat32s(x1[k])
		a10, a11 = v.MulAdd(w0, a10), v.MulAdd(w1, a11)
		v = simd.BroadcastFloat32s(x2[k])
		a20, a21 = v.MulAdd(w0, a20), v.MulAdd(w1, a21)
		v = simd.BroadcastFloat32s(x3[k])
		a30, a31 = v.MulAdd(w0, a30), v.MulAdd(w1, a31)
		w0, w1 = simd.LoadFloat32s(w[2*lanes:]), simd.LoadFloat32s(w[3*lanes:])
		v = simd.BroadcastFloat32s(x0[k+1])
		a00, a01 = v.MulAdd(w0, a00), v.MulAdd(w1, a01)
		v = simd.BroadcastFloat32s(x1[k+1])
		a10, a11 = v.MulAdd(w0, a10), v.MulAdd(w1, a11)
		v = simd.BroadcastFloat32s(x2[k+1])
		a20, a21 = v.MulAdd(w0, a20), v.MulAdd(w1, a21)
		v = simd.BroadcastFloat32s(x3[k+1])
		a30, a31 = v.MulAdd(w0, a30), v.MulAdd(w1, a31)
		w0, w1 = simd.LoadFloat32s(w[4*lanes:]), simd.LoadFloat32s(w[5*lanes:])
		v = simd.BroadcastFloat32s(x0[k+2])
		a00, a01 = v.MulAdd(w0, a00), v.MulAdd(w1, a01)
		v = simd.BroadcastFloat32s(x1[k+2])
		a10, a11 = v.MulAdd(w0, a10), v.MulAdd(w1, a11)
		v = simd.BroadcastFloat32s(x2[k+2])
		a20, a21 = v.MulAdd(w0, a20), v.MulAdd(w1, a21)
		v = simd.BroadcastFloat32s(x3[k+2])
		a30, a31 = v.MulAdd(w0, a30), v.MulAdd(w1, a31)
		w0, w1 = simd.LoadFloat32s(w[6*lanes:]), simd.LoadFloat32s(w[7*lanes:])
		v = simd.BroadcastFloat32s(x0[k+3])
		a00, a01 = v.MulAdd(w0, a00), v.MulAdd(w1, a01)
		v = simd.BroadcastFloat32s(x1[k+3])
		a10, a11 = v.MulAdd(w0, a10), v.MulAdd(w1, a11)
		v = simd.BroadcastFloat32s(x2[k+3])
		a20, a21 = v.MulAdd(w0, a20), v.MulAdd(w1, a21)
		v = simd.BroadcastFloat32s(x3[k+3])
		a30, a31 = v.MulAdd(w0, a30), v.MulAdd(w1, a31)
		w = w[8*lanes:]
	}
	for ; k < len(x0) && len(w) >= 2*lanes; k++ {
		w0, w1 := simd.LoadFloat32s(w), simd.LoadFloat32s(w[lanes:])
		v := simd.BroadcastFloat32s(x0[k])
		a00, a01 = v.MulAdd(w0, a00), v.MulAdd(w1, a01)
		v = simd.BroadcastFloat32s(x1[k])
		a10, a11 = v.MulAdd(w0, a10), v.MulAdd(w1, a11)
		v = simd.BroadcastFloat32s(x2[k])
		a20, a21 = v.MulAdd(w0, a20), v.MulAdd(w1, a21)
		v = simd.BroadcastFloat32s(x3[k])
		a30, a31 = v.MulAdd(w0, a30), v.MulAdd(w1, a31)
		w = w[2*lanes:]
	}
	a00.Store(y[at[0]:])
	a01.Store(y[at[0]+next:])
	a10.Store(y[at[1]:])
	a11.Store(y[at[1]+next:])
	a20.Store(y[at[2]:])
	a21.Store(y[at[2]+next:])
	a30.Store(y[at[3]:])
	a31.Store(y[at[3]+next:])
}

// tile1 computes four rows of one vector.
func tile1(y []float32, at [4]int, x0, x1, x2, x3, w, bias []float32) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	if bias != nil {
		a0 = simd.LoadFloat32s(bias)
		a1, a2, a3 = a0, a0, a0
	} else {
		a0, a1 = simd.LoadFloat32s(y[at[0]:]), simd.LoadFloat32s(y[at[1]:])
		a2, a3 = simd.LoadFloat32s(y[at[2]:]), simd.LoadFloat32s(y[at[3]:])
	}
	x1, x2, x3 = x1[:len(x0)], x2[:len(x0)], x3[:len(x0)]
	for k := 0; k < len(x0) && len(w) >= lanes; k++ {
		v := simd.LoadFloat32s(w[:lanes])
		a0 = simd.BroadcastFloat32s(x0[k]).MulAdd(v, a0)
		a1 = simd.BroadcastFloat32s(x1[k]).MulAdd(v, a1)
		a2 = simd.BroadcastFloat32s(x2[k]).MulAdd(v, a2)
		a3 = simd.BroadcastFloat32s(x3[k]).MulAdd(v, a3)
		w = w[lanes:]
	}
	a0.Store(y[at[0]:])
	a1.Store(y[at[1]:])
	a2.Store(y[at[2]:])
	a3.Store(y[at[3]:])
}

// multiplyRows multiplies every row of x by gate, into y.
func multiplyRows(y, x, gate []float32) {
	if lanes.Bits() == 0 || len(gate)*32 < lanes.Bits() {
		multiplyRowsScalar(y, x, gate)
		return
	}
	multiplyRowsVectors(y, x, gate)
}

func multiplyRowsVectors(y, x, gate []float32) {
	var v simd.Float32s
	lanes, last := v.Len(), len(gate)-v.Len()
	for len(x) >= len(gate) {
		row, out := x[:len(gate)], y[:len(gate)]
		for c := 0; c < last; c += lanes {
			simd.LoadFloat32s(row[c:]).Mul(simd.LoadFloat32s(gate[c:])).Store(out[c:])
		}
		simd.LoadFloat32s(row[last:]).Mul(simd.LoadFloat32s(gate[last:])).Store(out[last:])
		x, y = x[len(gate):], y[len(gate):]
	}
}

// Add adds x to y.
func Add(y, x []float32) {
	if lanes.Bits() == 0 {
		addScalar(y, x)
		return
	}
	addVectors(y, x)
}

func addVectors(y, x []float32) {
	var v simd.Float32s
	lanes := v.Len()
	for ; len(y) >= lanes && len(x) >= lanes; x, y = x[lanes:], y[lanes:] {
		simd.LoadFloat32s(y).Add(simd.LoadFloat32s(x)).Store(y)
	}
	addScalar(y, x)
}

//go:build goexperiment.simd && go1.27

package pointwise

import "simd"

// weightGradientVectors adds the products of channels 0 to channels of x, four
// at a time, with dy to their rows of dw. M is at least one vector; the last
// vector ends at M and may cover columns of the one before, which belongs to the
// same tile: both are loaded before either is stored.
func weightGradientVectors(dw, x, dy []float32, channels int, s Shape) {
	var v simd.Float32s
	lanes := v.Len()
	m := 0
	if (s.M+lanes-1)/lanes%2 == 1 {
		for c := 0; c < channels; c += tileRows {
			outer1(dw[c*s.M:(c+tileRows)*s.M], x[c:], dy, s)
		}
		m = lanes
	}
	for ; m < s.M; m += 2 * lanes {
		for c := 0; c < channels; c += tileRows {
			outer2(dw[c*s.M:(c+tileRows)*s.M], x[c:], dy, min(m, s.M-lanes), min(m+lanes, s.M-lanes), s)
		}
	}
}

// outer2 adds to the four rows' vectors at columns m0 and m1.
func outer2(dw, x, dy []float32, m0, m1 int, s Shape) {
	var a00, a01, a10, a11, a20, a21, a30, a31 simd.Float32s
	lanes := a00.Len()
	r0, r1, r2, r3 := dw[:s.M], dw[s.M:2*s.M], dw[2*s.M:3*s.M], dw[3*s.M:4*s.M]
	next := m1 - m0
	r := 0
	for ; r+1 < s.Rows; r += 2 {
		d, e := dy[r*s.M+m0:][:next+lanes], dy[(r+1)*s.M+m0:][:next+lanes]
		f, g := (*[tileRows]float32)(x[r*s.C:]), (*[tileRows]float32)(x[(r+1)*s.C:])
		d0, d1 := simd.LoadFloat32s(d), simd.LoadFloat32s(d[next:])
		v := simd.BroadcastFloat32s(f[0])
		a00, a01 = v.MulAdd(d0, a00), v.MulAdd(d1, a01)
		v = simd.BroadcastFloat32s(f[1])
		a10, a11 = v.MulAdd(d0, a10), v.MulAdd(d1, a11)
		v = simd.BroadcastFloat32s(f[2])
		a20, a21 = v.MulAdd(d0, a20), v.MulAdd(d1, a21)
		v = simd.BroadcastFloat32s(f[3])
		a30, a31 = v.MulAdd(d0, a30), v.MulAdd(d1, a31)
		d0, d1 = simd.LoadFloat32s(e), simd.LoadFloat32s(e[next:])
		v = simd.BroadcastFloat32s(g[0])
		a00, a01 = v.MulAdd(d0, a00), v.MulAdd(d1, a01)
		v = simd.BroadcastFloat32s(g[1])
		a10, a11 = v.MulAdd(d0, a10), v.MulAdd(d1, a11)
		v = simd.BroadcastFloat32s(g[2])
		a20, a21 = v.MulAdd(d0, a20), v.MulAdd(d1, a21)
		v = simd.BroadcastFloat32s(g[3])
		a30, a31 = v.MulAdd(d0, a30), v.MulAdd(d1, a31)
	}
	if r < s.Rows {
		d := dy[r*s.M+m0:][:next+lanes]
		f := (*[tileRows]float32)(x[r*s.C:])
		d0, d1 := simd.LoadFloat32s(d), simd.LoadFloat32s(d[next:])
		v := simd.BroadcastFloat32s(f[0])
		a00, a01 = v.MulAdd(d0, a00), v.MulAdd(d1, a01)
		v = simd.BroadcastFloat32s(f[1])
		a10, a11 = v.MulAdd(d0, a10), v.MulAdd(d1, a11)
		v = simd.BroadcastFloat32s(f[2])
		a20, a21 = v.MulAdd(d0, a20), v.MulAdd(d1, a21)
		v = simd.BroadcastFloat32s(f[3])
		a30, a31 = v.MulAdd(d0, a30), v.MulAdd(d1, a31)
	}
	store2(r0, m0, m1, a00, a01)
	store2(r1, m0, m1, a10, a11)
	store2(r2, m0, m1, a20, a21)
	store2(r3, m0, m1, a30, a31)
}

// store2 adds two vectors that may overlap to a row.
func store2(row []float32, m0, m1 int, a0, a1 simd.Float32s) {
	a0, a1 = a0.Add(simd.LoadFloat32s(row[m0:])), a1.Add(simd.LoadFloat32s(row[m1:]))
	a0.Store(row[m0:])
	a1.Store(row[m1:])
}

// outer1 adds to the first vector of the four rows.
func outer1(dw, x, dy []float32, s Shape) {
	var a0, a1, a2, a3 simd.Float32s
	a0, a1 = simd.LoadFloat32s(dw), simd.LoadFloat32s(dw[s.M:])
	a2, a3 = simd.LoadFloat32s(dw[2*s.M:]), simd.LoadFloat32s(dw[3*s.M:])
	for r := range s.Rows {
		d := simd.LoadFloat32s(dy[r*s.M:])
		f := (*[tileRows]float32)(x[r*s.C:])
		a0 = simd.BroadcastFloat32s(f[0]).MulAdd(d, a0)
		a1 = simd.BroadcastFloat32s(f[1]).MulAdd(d, a1)
		a2 = simd.BroadcastFloat32s(f[2]).MulAdd(d, a2)
		a3 = simd.BroadcastFloat32s(f[3]).MulAdd(d, a3)
	}
	a0.Store(dw)
	a1.Store(dw[s.M:])
	a2.Store(dw[2*s.M:])
	a3.Store(dw[3*s.M:])
}

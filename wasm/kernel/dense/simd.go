//go:build goexperiment.simd && go1.27

package dense

import "simd"

// columnsVectors computes columns m0..m1, at least one vector of them: four
// vectors at a time, then one; the last one ends at m1 and may compute columns
// again.
func columnsVectors(y, x, w, b []float32, s Shape, m0, m1 int) {
	var a0, a1, a2, a3 simd.Float32s
	lanes := a0.Len()
	x = x[:s.C]
	m := m0
	for ; m+4*lanes <= m1; m += 4 * lanes {
		a0, a1 = simd.LoadFloat32s(b[m:]), simd.LoadFloat32s(b[m+lanes:])
		a2, a3 = simd.LoadFloat32s(b[m+2*lanes:]), simd.LoadFloat32s(b[m+3*lanes:])
		for c, f := range x {
			v, row := simd.BroadcastFloat32s(f), w[c*s.M+m:][:4*lanes]
			a0 = v.MulAdd(simd.LoadFloat32s(row), a0)
			a1 = v.MulAdd(simd.LoadFloat32s(row[lanes:]), a1)
			a2 = v.MulAdd(simd.LoadFloat32s(row[2*lanes:]), a2)
			a3 = v.MulAdd(simd.LoadFloat32s(row[3*lanes:]), a3)
		}
		a0.Store(y[m:])
		a1.Store(y[m+lanes:])
		a2.Store(y[m+2*lanes:])
		a3.Store(y[m+3*lanes:])
	}
	for ; m < m1; m += lanes {
		at := min(m, m1-lanes)
		a0 = simd.LoadFloat32s(b[at:])
		for c, f := range x {
			a0 = simd.BroadcastFloat32s(f).MulAdd(simd.LoadFloat32s(w[c*s.M+at:]), a0)
		}
		a0.Store(y[at:])
	}
}

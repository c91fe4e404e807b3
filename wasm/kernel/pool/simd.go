//go:build goexperiment.simd && go1.27

package pool

import "simd"

// averageVectors computes channels c0..c1, at least one vector of them: four
// vectors at a time, then one; the last one ends at c1 and may compute
// channels again.
func averageVectors(y, x []float32, s Shape, c0, c1 int) {
	var zero simd.Float32s
	lanes := zero.Len()
	scale := simd.BroadcastFloat32s(1 / float32(s.Pixels))
	c := c0
	for ; c+4*lanes <= c1; c += 4 * lanes {
		t0, t1, t2, t3 := zero, zero, zero, zero
		for p0 := 0; p0 < s.Pixels; p0 += run {
			a0, a1, a2, a3 := zero, zero, zero, zero
			for p := p0; p < min(p0+run, s.Pixels); p++ {
				v := x[p*s.C+c:][:4*lanes]
				a0 = a0.Add(simd.LoadFloat32s(v))
				a1 = a1.Add(simd.LoadFloat32s(v[lanes:]))
				a2 = a2.Add(simd.LoadFloat32s(v[2*lanes:]))
				a3 = a3.Add(simd.LoadFloat32s(v[3*lanes:]))
			}
			t0, t1, t2, t3 = t0.Add(a0), t1.Add(a1), t2.Add(a2), t3.Add(a3)
		}
		t0.Mul(scale).Store(y[c:])
		t1.Mul(scale).Store(y[c+lanes:])
		t2.Mul(scale).Store(y[c+2*lanes:])
		t3.Mul(scale).Store(y[c+3*lanes:])
	}
	for ; c < c1; c += lanes {
		at := min(c, c1-lanes)
		total := zero
		for p0 := 0; p0 < s.Pixels; p0 += run {
			a := zero
			for p := p0; p < min(p0+run, s.Pixels); p++ {
				a = a.Add(simd.LoadFloat32s(x[p*s.C+at:]))
			}
			total = total.Add(a)
		}
		total.Mul(scale).Store(y[at:])
	}
}

// maximumVectors computes channels c0..c1, at least one vector of them.
func maximumVectors(y, x []float32, s Shape, c0, c1 int) {
	var top simd.Float32s
	lanes := top.Len()
	for c := c0; c < c1; c += lanes {
		at := min(c, c1-lanes)
		top = simd.LoadFloat32s(x[at:])
		for p := 1; p < s.Pixels; p++ {
			top = top.Max(simd.LoadFloat32s(x[p*s.C+at:]))
		}
		top.Store(y[at:])
	}
}

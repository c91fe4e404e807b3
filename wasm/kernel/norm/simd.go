//go:build goexperiment.simd && go1.27

package norm

import "simd"

func rowVectors(y, x, scale, shift []float32) {
	var v simd.Float32s
	lanes, c := v.Len(), 0
	for ; c+lanes <= len(y); c += lanes {
		v = simd.LoadFloat32s(x[c:]).MulAdd(simd.LoadFloat32s(scale[c:]), simd.LoadFloat32s(shift[c:]))
		v.Store(y[c:])
	}
	rowScalar(y[c:], x[c:], scale[c:], shift[c:])
}

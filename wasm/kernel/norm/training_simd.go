//go:build goexperiment.simd && go1.27

package norm

import "simd"

// momentsVectors goes down the rows with one vector of channels at a time; the
// channels that fill no vector are left to the scalar code.
func momentsVectors(sum, squares, x, shift []float32) {
	var a, b simd.Float32s
	lanes, c := a.Len(), 0
	stride := len(shift)
	for ; c+lanes <= stride; c += lanes {
		a, b = simd.LoadFloat32s(sum[c:]), simd.LoadFloat32s(squares[c:])
		k := simd.LoadFloat32s(shift[c:])
		for at := c; at+lanes <= len(x); at += stride {
			d := simd.LoadFloat32s(x[at:]).Sub(k)
			a, b = a.Add(d), d.MulAdd(d, b)
		}
		a.Store(sum[c:])
		b.Store(squares[c:])
	}
	if c < stride {
		momentsScalar(sum, squares, x, shift, c)
	}
}

// slopesVectors goes down the rows as momentsVectors does.
func slopesVectors(sum, products, g, x, mean []float32) {
	var a, b simd.Float32s
	lanes, c := a.Len(), 0
	stride := len(mean)
	x = x[:len(g)]
	for ; c+lanes <= stride; c += lanes {
		a, b = simd.LoadFloat32s(sum[c:]), simd.LoadFloat32s(products[c:])
		k := simd.LoadFloat32s(mean[c:])
		for at := c; at+lanes <= len(g); at += stride {
			v := simd.LoadFloat32s(g[at:])
			a, b = a.Add(v), v.MulAdd(simd.LoadFloat32s(x[at:]).Sub(k), b)
		}
		a.Store(sum[c:])
		b.Store(products[c:])
	}
	if c < stride {
		slopesScalar(sum, products, g, x, mean, c)
	}
}

func linearVectors(g, x, a, b, d []float32) {
	var v simd.Float32s
	lanes, c := v.Len(), 0
	for ; c+lanes <= len(g); c += lanes {
		v = simd.LoadFloat32s(b[c:]).MulAdd(simd.LoadFloat32s(x[c:]), simd.LoadFloat32s(d[c:]))
		v = simd.LoadFloat32s(a[c:]).MulAdd(simd.LoadFloat32s(g[c:]), v)
		v.Store(g[c:])
	}
	linearScalar(g[c:], x[c:], a[c:], b[c:], d[c:])
}

//go:build !js

package stem

import (
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

// Emit adds the layer to m: a function of a record, an item of it and the
// thread's scratch. An item is some rows of the output. The picture [H+2,W+2,3]
// has a margin of zeros, and is no planes: each of its values meets eight weights.
func Emit(m *wasm.Module, activate *wasm.Func) *wasm.Func {
	const (
		columns = 4
		pixel   = blocked.PixelBytes
		rgb     = 3 * 4 // bytes of a pixel of the picture
	)
	f := m.Func("stem", 3, false)
	step, item := f.Param(0), f.Param(1)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }

	oy := f.Let(item.Mul(field(blocked.RowsItem)))
	end := f.Let(wasm.Min(oy.Add(field(blocked.RowsItem)), field(blocked.OutH)))
	act := f.Let(field(blocked.Act))
	y, row, w, bias, left, plane := f.Int(), f.Int(), f.Int(), f.Int(), f.Int(), f.Int()
	rows := [3]wasm.Int{f.Int(), f.Int(), f.Int()}

	tile := func(n int) {
		sums, v := f.Vecs(2*n), f.Vec()
		w0, w1 := f.Vec(), f.Vec()
		for i, s := range sums {
			s.Set(wasm.Load(bias.I32, 16*(i%2)))
		}
		for t := range taps {
			ky, kx, c := t/9, t/3%3, t%3
			w0.Set(wasm.Load(w.I32, t*pixel))
			w1.Set(wasm.Load(w.I32, t*pixel+16))
			for i := range n {
				v.Set(wasm.Splat(rows[ky].I32, (2*i+kx)*rgb+4*c))
				sums[2*i].Set(sums[2*i].Add(v.Mul(w0.V128)))
				sums[2*i+1].Set(sums[2*i+1].Add(v.Mul(w1.V128)))
			}
		}
		for i, s := range sums {
			f.Store(y.I32, 16*i, s.V128)
		}
		y.Inc(n * pixel)
		for _, r := range rows {
			r.Inc(2 * n * rgb)
		}
		left.Inc(-n)
	}
	rest := []func(){func() {}}
	for n := 1; n < columns; n++ {
		rest = append(rest, func() { tile(n) })
	}
	f.While(oy.Lt(end.I32), func() {
		w.Set(field(blocked.W))
		bias.Set(field(blocked.B))
		f.For(plane, wasm.Const(0), field(blocked.Planes8), 1, func() {
			y.Set(field(blocked.Y).Add(plane.Mul(field(blocked.YStride))).Add(oy.Mul(field(blocked.OutW)).Times(pixel)))
			row.Set(y.I32)
			for i, r := range rows {
				r.Set(field(blocked.X).Add(oy.Times(2).Plus(i).Mul(field(blocked.Pitch))))
			}
			left.Set(field(blocked.OutW))
			f.While(left.Ge(wasm.Const(columns)), func() { tile(columns) })
			f.Switch(left.I32, rest...)
			f.Call(activate, row.I32, y.I32, act.I32, wasm.Const(0), wasm.Const(0))
			w.Inc(taps * pixel)
			bias.Inc(pixel)
		})
		oy.Inc(1)
	})
	return f
}

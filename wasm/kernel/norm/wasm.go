//go:build !js

package norm

import (
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

// Emit adds the layer to m: a function of a record, an item of it and the
// thread's scratch. An item is one plane.
func Emit(m *wasm.Module, activate *wasm.Func) *wasm.Func {
	const pixel = blocked.PixelBytes
	f := m.Func("norm", 3, false)
	step, plane := f.Param(0), f.Param(1)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }
	x := f.Let(field(blocked.X).Add(plane.Mul(field(blocked.XStride))))
	y := f.Let(field(blocked.Y).Add(plane.Mul(field(blocked.YStride))))
	start, end := f.Let(y.I32), f.Let(x.Add(field(blocked.Rows).Times(pixel)))
	scale, shift := f.Vecs(2), f.Vecs(2)
	for i := range scale {
		scale[i].Set(wasm.Load(field(blocked.W).Add(plane.Times(pixel)), 16*i))
		shift[i].Set(wasm.Load(field(blocked.B).Add(plane.Times(pixel)), 16*i))
	}
	f.While(x.Lt(end.I32), func() {
		for i := range scale {
			f.Store(y.I32, 16*i, wasm.Load(x.I32, 16*i).Mul(scale[i].V128).Add(shift[i].V128))
		}
		x.Inc(pixel)
		y.Inc(pixel)
	})
	f.Call(activate, start.I32, y.I32, field(blocked.Act), wasm.Const(0), wasm.Const(0))
	return f
}

//go:build !js

package depthwise

import (
	"fmt"

	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

// tileColumns is how many output columns are computed together, as long as so
// many are left. Seven sums, five weights, an input and a product fill the
// registers of x86, and seven sums do not wait for their additions; the maps of
// 224 pixels divide by seven.
var tileColumns = []int{7, 4, 2, 1}

// Emit adds the layer with kernel k and the given stride to m: a function of a
// record, an item of it and the thread's scratch. activate is package activation's.
//
// An item is one plane of some rows. The last k rows of the input stand in
// scratch with zeros left and right, and above and below the map: there is no
// edge in the inner loops, and every tap lies at a constant offset. The outputs'
// sum is kept for squeeze, which then need not read the map again.
func Emit(m *wasm.Module, activate *wasm.Func, k, stride int) *wasm.Func {
	f := m.Func(fmt.Sprintf("depthwise %dx%d stride %d", k, k, stride), 3, false)
	step, item, scratch := f.Param(0), f.Param(1), f.Param(2)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }
	const pixel = blocked.PixelBytes
	pad := k / 2

	plane := f.Let(item.Div(field(blocked.Chunks)))
	chunk := f.Let(item.Sub(plane.Mul(field(blocked.Chunks))))
	oy := f.Let(chunk.Mul(field(blocked.RowsItem)))
	end := f.Let(wasm.Min(oy.Add(field(blocked.RowsItem)), field(blocked.OutH)))
	iy := f.Let(oy.Times(stride).Plus(-pad)) // the next input row to copy
	xPlane := f.Let(field(blocked.X).Add(plane.Mul(field(blocked.XStride))))
	y := f.Let(field(blocked.Y).Add(plane.Mul(field(blocked.YStride))).Add(oy.Mul(field(blocked.OutW)).Times(pixel)))
	w := f.Let(field(blocked.W).Add(plane.Times(k * k * pixel)))
	bias := f.Let(field(blocked.B).Add(plane.Times(pixel)))
	wide := f.Let(field(blocked.Width).Times(pixel))
	outW, act := f.Let(field(blocked.OutW)), f.Let(field(blocked.Act))
	total := f.Let(field(blocked.Sums).Add(chunk.Mul(field(blocked.Planes8)).Add(plane.I32).Times(pixel)))

	// The rows in scratch, in turn; their margins are cleared once.
	rows := make([]wasm.Int, k)
	for i := range rows {
		rows[i] = f.Let(scratch.Plus(blocked.ScratchHead).Add(field(blocked.Pitch).Times(i)))
		for j := range pad {
			for v := range 2 {
				f.Store(rows[i].I32, j*pixel+16*v, wasm.Floats(0))
				f.Store(rows[i].Add(wide.I32), (pad+j)*pixel+16*v, wasm.Floats(0))
			}
		}
	}
	from, to, last := f.Int(), f.Int(), f.Int()
	fill := func(row wasm.Int) {
		to.Set(row.Plus(pad * pixel))
		last.Set(to.Add(wide.I32))
		f.IfElse(iy.Ge(wasm.Const(0)).And(iy.Lt(field(blocked.Height))), func() {
			from.Set(xPlane.Add(iy.Mul(wide.I32)))
			f.Loop(func(again wasm.Label) {
				for v := range 2 {
					f.Store(to.I32, 16*v, wasm.Load(from.I32, 16*v))
				}
				from.Inc(pixel)
				to.Inc(pixel)
				f.BrIf(again, to.Ne(last.I32))
			})
		}, func() {
			f.Loop(func(again wasm.Label) {
				for v := range 2 {
					f.Store(to.I32, 16*v, wasm.Floats(0))
				}
				to.Inc(pixel)
				f.BrIf(again, to.Ne(last.I32))
			})
		})
		iy.Inc(1)
	}
	for i := range k - stride {
		fill(rows[i])
	}

	for v := range 2 {
		f.Store(total.I32, 16*v, wasm.Floats(0))
	}
	at := make([]wasm.Int, k) // where a tile's columns begin in each row
	for i := range at {
		at[i] = f.Int()
	}
	left, column, first := f.Int(), f.Int(), f.Let(y.I32)
	tile := func(n int) {
		for i := range at {
			at[i].Set(rows[i].Add(column.I32))
		}
		sums := f.Vecs(2 * n)
		for v := range 2 {
			emitTaps(f, k, stride, n, at, w, bias, sums, v)
		}
		for i, s := range sums {
			f.Store(y.I32, 16*i, s.V128)
		}
		y.Inc(n * pixel)
		column.Inc(n * stride * pixel)
		left.Inc(-n)
	}
	f.While(oy.Lt(end.I32), func() {
		for i := k - stride; i < k; i++ {
			fill(rows[i])
		}
		column.Set(wasm.Const(0))
		left.Set(outW.I32)
		for _, n := range tileColumns {
			f.While(left.Ge(wasm.Const(n)), func() { tile(n) })
		}
		// The oldest rows are the next to be overwritten.
		for range stride {
			oldest := from
			oldest.Set(rows[0].I32)
			for i := range k - 1 {
				rows[i].Set(rows[i+1].I32)
			}
			rows[k-1].Set(oldest.I32)
		}
		oy.Inc(1)
	})
	f.Call(activate, first.I32, y.I32, act.I32, wasm.Const(0), total.I32)
	return f
}

// emitTaps computes n adjacent columns of vector v of the plane. sums[2*i+v] is
// column i's.
func emitTaps(f *wasm.Func, k, stride, n int, at []wasm.Int, w, bias wasm.Int, sums []wasm.Vec, v int) {
	for i := range n {
		sums[2*i+v].Set(wasm.Load(bias.I32, 16*v))
	}
	weights, x := f.Vecs(k), f.Vec()
	for ky := range k {
		for kx := range k {
			weights[kx].Set(wasm.Load(w.I32, (ky*k+kx)*blocked.PixelBytes+16*v))
		}
		for j := range (n-1)*stride + k { // input columns, each loaded once
			x.Set(wasm.Load(at[ky].I32, j*blocked.PixelBytes+16*v))
			for i := range n {
				if kx := j - i*stride; kx >= 0 && kx < k {
					s := sums[2*i+v]
					s.Set(s.Add(x.Mul(weights[kx].V128)))
				}
			}
		}
	}
}

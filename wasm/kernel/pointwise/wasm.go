//go:build !js

package pointwise

import (
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

// Emit adds the layer to m: a function of a record, an item of it and the
// thread's scratch. activate is package activation's.
func Emit(m *wasm.Module, activate *wasm.Func) *wasm.Func {
	panel, widen := emitPanel(m), emitWiden(m)
	f := m.Func("pointwise", 3, false)
	step, item, scratch := f.Param(0), f.Param(1), f.Param(2)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }

	groups := f.Let(field(blocked.Groups))
	block := f.Let(item.Div(groups.I32))
	p := f.Let(item.Sub(block.Mul(groups.I32)).Mul(field(blocked.PerGroup)))
	end := f.Let(wasm.Min(p.Add(field(blocked.PerGroup)), field(blocked.Planes8)))
	first := f.Let(block.Mul(field(blocked.RowsItem)))
	rows := f.Let(wasm.Min(field(blocked.RowsItem), field(blocked.Rows).Sub(first.I32)))
	first.Set(first.Times(blocked.PixelBytes))

	x := f.Let(field(blocked.X).Add(first.I32))
	xStride := f.Let(field(blocked.XStride))
	f.If(field(blocked.Gate), func() {
		to := f.Let(scratch.Plus(blocked.ScratchHead))
		emitGate(f, step, block, scratch, to, x, rows, xStride)
		x.Set(to.I32)
		xStride.Set(rows.Times(blocked.PixelBytes))
	})

	// A panel of weights is [Depth*8][8], of float32 or of bytes.
	columns := f.Let(field(blocked.Columns))
	size := f.Let(field(blocked.Depth).Times(blocked.Lanes * blocked.PixelBytes))
	f.If(columns.I32, func() {
		size.Set(size.Div(wasm.Const(4)))
		columns.Set(columns.Add(p.Times(blocked.PixelBytes)))
	})
	w := f.Let(field(blocked.W).Add(p.Mul(size.I32)))
	weights := f.Int()
	bias := f.Let(field(blocked.B).Add(p.Times(blocked.PixelBytes)))
	y := f.Int()
	offset := f.Let(p.Mul(field(blocked.YStride)).Add(first.I32))
	f.While(p.Lt(end.I32), func() {
		y.Set(field(blocked.Y).Add(offset.I32))
		weights.Set(w.I32)
		f.If(columns.I32, func() {
			weights.Set(scratch.Add(field(blocked.Wide)))
			f.Call(widen, weights.I32, w.I32, field(blocked.Depth), columns.I32, field(blocked.RowScales))
			columns.Inc(blocked.PixelBytes)
		})
		f.Call(panel, x.I32, xStride.I32, weights.I32, field(blocked.Depth), bias.I32, y.I32, rows.I32)
		f.Call(activate, y.I32, y.Add(rows.Times(blocked.PixelBytes)), field(blocked.Act),
			wasm.Select(field(blocked.Residual), field(blocked.Residual).Add(offset.I32), wasm.Const(0)), wasm.Const(0))
		p.Inc(1)
		w.Set(w.Add(size.I32))
		bias.Inc(blocked.PixelBytes)
		offset.Set(offset.Add(field(blocked.YStride)))
	})
	return f
}

// emitGate writes x*gate of one block of rows to the address to, plane after
// plane without gaps, unless scratch says that it is there already: items that
// differ in their columns alone share it.
func emitGate(f *wasm.Func, step, block, scratch, to, x, rows, xStride wasm.Int) {
	tag := block.Plus(1)
	f.If(wasm.Load32(scratch.I32, 0).Ne(tag), func() {
		f.Store32(scratch.I32, 0, tag)
		gate, depth := f.Let(wasm.Load32(step.I32, blocked.Gate)), f.Let(wasm.Load32(step.I32, blocked.Depth))
		in, out, row := f.Let(x.I32), f.Let(to.I32), f.Int()
		g := f.Vecs(2)
		f.While(depth.I32, func() {
			for i := range g {
				g[i].Set(wasm.Load(gate.I32, 16*i))
			}
			f.For(row, wasm.Const(0), rows.Times(blocked.PixelBytes), blocked.PixelBytes, func() {
				for i := range g {
					f.Store(out.I32, 16*i, wasm.Load(in.Add(row.I32), 16*i).Mul(g[i].V128))
				}
				out.Inc(blocked.PixelBytes)
			})
			gate.Inc(blocked.PixelBytes)
			in.Set(in.Add(xStride.I32))
			depth.Inc(-1)
		})
	})
}

// emitWiden makes float32 of a panel of bytes: to [depth*8][8] = q * columns [8] *
// rows [depth*8], in this order, as the model's file defines it.
func emitWiden(m *wasm.Module) *wasm.Func {
	f := m.Func("pointwise widen", 5, false)
	to, q, depth, rows := f.Param(0), f.Param(1), f.Param(2), f.Param(4)
	columns := f.Vecs(2)
	for i := range columns {
		columns[i].Set(wasm.Load(f.Param(3).I32, 16*i))
	}
	shorts, row := f.Vec(), f.Vec()
	f.While(depth.I32, func() {
		for k := range blocked.Lanes {
			shorts.Set(wasm.LoadBytes(q.I32, k*blocked.Lanes))
			row.Set(wasm.Splat(rows.I32, 4*k))
			f.Store(to.I32, k*blocked.PixelBytes, shorts.LowFloats().Mul(columns[0].V128).Mul(row.V128))
			f.Store(to.I32, k*blocked.PixelBytes+16, shorts.HighFloats().Mul(columns[1].V128).Mul(row.V128))
		}
		to.Inc(blocked.Lanes * blocked.PixelBytes)
		q.Inc(blocked.Lanes * blocked.Lanes)
		rows.Inc(4 * blocked.Lanes)
		depth.Inc(-1)
	})
	return f
}

// emitPanel is one panel of columns for a block of rows, without activation:
// x planes of rows, w [depth*8][8], bias [8] -> y [rows][8].
func emitPanel(m *wasm.Module) *wasm.Func {
	f := m.Func("pointwise panel", 7, false)
	x, xStride, w, depth, bias := f.Param(0), f.Param(1), f.Param(2), f.Param(3), f.Param(4)
	y, rows := f.Param(5), f.Param(6)
	wEnd := f.Let(w.Add(depth.Times(blocked.Lanes * blocked.PixelBytes)))

	tile := func(n int) {
		emitTile(f, n, x, xStride, w, wEnd, bias, y)
		x.Inc(n * blocked.PixelBytes)
		y.Inc(n * blocked.PixelBytes)
		rows.Inc(-n)
	}
	f.While(rows.Ge(wasm.Const(blocked.TileRows)), func() { tile(blocked.TileRows) })
	rest := []func(){func() {}}
	for n := 1; n < blocked.TileRows; n++ {
		rest = append(rest, func() { tile(n) })
	}
	f.Switch(rows.I32, rest...)
	return f
}

// emitTile computes n rows of one panel, eight input channels a round.
func emitTile(f *wasm.Func, n int, x, xStride, w, wEnd, bias, y wasm.Int) {
	// A single row has two sums only, each of which would wait for the addition
	// before; four partial sums of every fourth channel keep the units busy.
	partial := 1
	if n == 1 {
		partial = 4
	}
	sums := f.Vecs(2 * n * partial)
	for i, s := range sums {
		if i < 2*n {
			s.Set(wasm.Load(bias.I32, 16*(i%2)))
		} else {
			s.Set(wasm.Floats(0))
		}
	}
	xp, wp := f.Let(x.I32), f.Let(w.I32)
	w0, w1, v := f.Vec(), f.Vec(), f.Vec()
	f.Loop(func(again wasm.Label) {
		for k := range blocked.Lanes {
			w0.Set(wasm.Load(wp.I32, k*blocked.PixelBytes))
			w1.Set(wasm.Load(wp.I32, k*blocked.PixelBytes+16))
			for r := range n {
				s := sums[2*(r+n*(k%partial)):]
				v.Set(wasm.Splat(xp.I32, r*blocked.PixelBytes+4*k))
				s[0].Set(s[0].Add(v.Mul(w0.V128)))
				s[1].Set(s[1].Add(v.Mul(w1.V128)))
			}
		}
		xp.Set(xp.Add(xStride.I32))
		wp.Inc(blocked.Lanes * blocked.PixelBytes)
		f.BrIf(again, wp.Ne(wEnd.I32))
	})
	for i := 2 * n; i < len(sums); i++ {
		sums[i%(2*n)].Set(sums[i%(2*n)].Add(sums[i].V128))
	}
	sums = sums[:2*n]
	for i, s := range sums {
		f.Store(y.I32, 16*i, s.V128)
	}
}

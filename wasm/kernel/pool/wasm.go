//go:build !js

package pool

import (
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

const pixel = blocked.PixelBytes

// Emit adds the reduction of planes to m: a function of a record, its only item
// and the thread's scratch.
func Emit(m *wasm.Module) *wasm.Func {
	f := m.Func("pool", 3, false)
	step := f.Param(0)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }
	plane, x, y, end, done := f.Int(), f.Int(), f.Int(), f.Int(), f.Int()
	a := f.Vecs(2)

	// All maxima come before all averages: where the channels do not fill the last
	// plane, the first averages lie where its idle lanes were written.
	f.If(field(blocked.Average), func() {
		y.Set(field(blocked.Y))
		f.For(plane, wasm.Const(0), field(blocked.Planes8), 1, func() {
			x.Set(field(blocked.X).Add(plane.Mul(field(blocked.XStride))))
			end.Set(x.Add(field(blocked.Rows).Times(pixel)))
			for v := range a {
				a[v].Set(wasm.Load(x.I32, 16*v))
			}
			f.While(x.Lt(end.I32), func() {
				for v := range a {
					a[v].Set(a[v].MostOf(wasm.Load(x.I32, 16*v)))
				}
				x.Inc(pixel)
			})
			for v := range a {
				f.Store(y.I32, 16*v, a[v].V128)
			}
			y.Inc(pixel)
		})
	})

	// Sums are taken in runs of 64 pixels, as everywhere: a[v] is the run's,
	// total the plane's.
	total := f.Vecs(2)
	y.Set(field(blocked.Y).Add(field(blocked.Average)))
	f.For(plane, wasm.Const(0), field(blocked.Planes8), 1, func() {
		x.Set(field(blocked.X).Add(plane.Mul(field(blocked.XStride))))
		done.Set(x.Add(field(blocked.Rows).Times(pixel)))
		for v := range total {
			total[v].Set(wasm.Floats(0))
		}
		f.While(x.Lt(done.I32), func() {
			end.Set(wasm.Min(x.Plus(run*pixel), done.I32))
			for v := range a {
				a[v].Set(wasm.Floats(0))
			}
			f.While(x.Lt(end.I32), func() {
				for v := range a {
					a[v].Set(a[v].Add(wasm.Load(x.I32, 16*v)))
				}
				x.Inc(pixel)
			})
			for v := range a {
				total[v].Set(total[v].Add(a[v].V128))
			}
		})
		for v := range total {
			f.Store(y.I32, 16*v, total[v].Mul(wasm.Splat(step.I32, blocked.Scale)))
		}
		y.Inc(pixel)
	})
	return f
}

// EmitMean adds the average of what depthwise summed up to m, a function as
// Emit's: sums [chunks][planes][8] -> y [planes][8].
func EmitMean(m *wasm.Module) *wasm.Func {
	f := m.Func("mean", 3, false)
	step := f.Param(0)
	field := func(at int) wasm.I32 { return wasm.Load32(step.I32, at) }
	bytes := f.Let(field(blocked.Planes8).Times(pixel))
	x, y, end, chunk := f.Int(), f.Let(field(blocked.Y)), f.Int(), f.Int()
	start := f.Let(field(blocked.Sums))
	end.Set(start.Add(bytes.I32))
	sum := f.Vec()
	f.While(start.Lt(end.I32), func() {
		x.Set(start.I32)
		sum.Set(wasm.Floats(0))
		f.For(chunk, wasm.Const(0), field(blocked.Chunks), 1, func() {
			sum.Set(sum.Add(wasm.Load(x.I32, 0)))
			x.Set(x.Add(bytes.I32))
		})
		f.Store(y.I32, 0, sum.Mul(wasm.Splat(step.I32, blocked.Scale)))
		start.Inc(16)
		y.Inc(16)
	})
	return f
}

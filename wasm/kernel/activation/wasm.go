//go:build !js

package activation

import (
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/wasm"
)

// Emit adds a function to m that applies an activation in place:
// (y, end, kind, residual, sums). It goes over pixels of a plane, from the
// address y to end; kind is a code of package blocked. residual, if not 0, is
// added after the activation; at sums, if not 0, stands [8] float32 to which the
// pixels' sum is added.
//
// Sigmoid is within 1e-6 of the exact value, SiLU within 1e-6 of max(1, |x|);
// what is not a number stays so.
//
// It is a pass of its own over what a kernel has just written, not part of the
// kernel: sums that live on into other blocks would be written to the stack in
// each round of the kernel's inner loop.
func Emit(m *wasm.Module) *wasm.Func {
	f := m.Func("activation", 5, false)
	y, end, kind, residual, sums := f.Param(0), f.Param(1), f.Param(2), f.Param(3), f.Param(4)
	// pixels runs each for n pixels at a time, as long as there are n.
	pixels := func(n int, each func()) {
		last := f.Let(end.Plus(-n * blocked.PixelBytes))
		f.While(y.Le(last.I32), func() {
			each()
			y.Inc(n * blocked.PixelBytes)
		})
	}
	start := f.Let(y.I32)
	logistic := func(times bool) {
		pixels(3, func() { emitLogistic(f, y, 6, times) })
		pixels(1, func() { emitLogistic(f, y, 2, times) })
	}
	f.Switch(kind.I32,
		func() {},
		func() { logistic(true) },
		func() {
			pixels(1, func() {
				for i := range 2 {
					f.Store(y.I32, 16*i, wasm.Load(y.I32, 16*i).MostOf(wasm.Floats(0)))
				}
			})
		},
		func() { logistic(false) },
	)
	f.If(residual.I32, func() {
		y.Set(start.I32)
		pixels(1, func() {
			for i := range 2 {
				f.Store(y.I32, 16*i, wasm.Load(y.I32, 16*i).Add(wasm.Load(residual.I32, 16*i)))
			}
			residual.Inc(blocked.PixelBytes)
		})
	})
	f.If(sums.I32, func() {
		// Two sums for each vector: an addition need not wait for the one before.
		y.Set(start.I32)
		x := f.Vecs(4)
		for i, v := range x {
			if i < 2 {
				v.Set(wasm.Load(sums.I32, 16*i))
			} else {
				v.Set(wasm.Floats(0))
			}
		}
		for n := 2; n > 0; n-- {
			pixels(n, func() {
				for i, v := range x[:2*n] {
					v.Set(v.Add(wasm.Load(y.I32, 16*i)))
				}
			})
		}
		for i := range 2 {
			f.Store(sums.I32, 16*i, x[i].Add(x[2+i].V128))
		}
	})
	return f
}

// emitLogistic replaces the n vectors x at y by 1/(1+exp(-x)), or by x times
// that. They go side by side, each step for all before the next: one's chain of
// steps waits for itself, and processors look only some dozens of floating point
// instructions ahead. On a Zen 4 two at a time take 2.5 ns a vector, four 2.2,
// six 2.0, although six do not fit into x86's registers, and eight no less.
func emitLogistic(f *wasm.Func, y wasm.Int, n int, times bool) {
	c, t, p, power := f.Vec(), f.Vecs(n), f.Vecs(n), f.Vecs(n)
	each := func(value int, do func(i int)) {
		c.Set(wasm.Load(wasm.Const(0), blocked.Constants+16*value))
		for i := range n {
			do(i)
		}
	}
	each(constNegLog2e, func(i int) { t[i].Set(wasm.Load(y.I32, 16*i).Mul(c.V128)) })
	each(constLow, func(i int) { t[i].Set(t[i].MostOf(c.V128)) })
	each(constHigh, func(i int) { t[i].Set(t[i].LeastOf(c.V128)) })
	each(constRounder, func(i int) { power[i].Set(t[i].Add(c.V128)) })
	for i := range n {
		p[i].Set(power[i].Sub(c.V128))
	}
	for i := range n {
		t[i].Set(t[i].Sub(p[i].V128)) // f
	}
	for i := range n {
		power[i].Set(power[i].ShiftLeft(mantissa))
	}
	each(constPoly4, func(i int) { p[i].Set(t[i].Mul(c.V128)) })
	for poly := constPoly3; poly > constPoly0; poly-- {
		each(poly, func(i int) { p[i].Set(p[i].Add(c.V128)) })
		for i := range n {
			p[i].Set(p[i].Mul(t[i].V128))
		}
	}
	each(constPoly0, func(i int) { p[i].Set(p[i].Add(c.V128)) })
	for i := range n {
		p[i].Set(p[i].AddBits(power[i].V128))
	}
	each(constOne, func(i int) { p[i].Set(p[i].Add(c.V128)) })
	for i := range n {
		above := c.V128
		if times {
			above = wasm.Load(y.I32, 16*i)
		}
		f.Store(y.I32, 16*i, above.Div(p[i].V128))
	}
}

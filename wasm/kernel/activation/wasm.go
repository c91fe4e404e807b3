//go:build !js

package activation

import "blastlens/wasm/kernel/wasm"

// Emit applies the activation that the number kind says (0 none, 1 SiLU, 2 ReLU,
// 3 sigmoid) to vectors in place. table is the address of Table in memory.
//
// Sigmoid is within 1e-6 of the exact value, SiLU within 1e-6 of max(1, |x|);
// what is not a number stays so.
func Emit(f *wasm.Func, kind wasm.I32, table int, vs []wasm.Vec) {
	zero := wasm.Floats(0)
	f.Switch(kind,
		func() {},
		func() { emitLogistic(f, table, vs, true) },
		func() {
			for _, v := range vs {
				v.Set(v.MostOf(zero))
			}
		},
		func() { emitLogistic(f, table, vs, false) },
	)
}

// emitLogistic replaces x by 1/(1+exp(-x)), or by x times that. Two vectors go side
// by side, so that each constant is loaded half as often.
func emitLogistic(f *wasm.Func, table int, vs []wasm.Vec, times bool) {
	constant := func(i int) wasm.V128 { return wasm.Load(wasm.Const(0), table+16*i) }
	c := f.Vec()
	for len(vs) > 0 {
		x := vs[:min(2, len(vs))]
		vs = vs[len(x):]
		n := len(x)
		t, p := f.Vecs(n), f.Vecs(n)
		each := func(value int, do func(i int)) {
			c.Set(constant(value))
			for i := range n {
				do(i)
			}
		}
		each(constNegLog2e, func(i int) { t[i].Set(x[i].Mul(c.V128)) })
		each(constLow, func(i int) { t[i].Set(t[i].MostOf(c.V128)) })
		each(constHigh, func(i int) { t[i].Set(t[i].LeastOf(c.V128)) })
		each(constRounder, func(i int) {
			p[i].Set(t[i].Add(c.V128))
			t[i].Set(t[i].Sub(p[i].Sub(c.V128))) // f
		})
		power := f.Vecs(n)
		for i := range n {
			power[i].Set(p[i].ShiftLeft(mantissa))
		}
		each(constPoly4, func(i int) { p[i].Set(t[i].Mul(c.V128)) })
		for poly := constPoly3; poly > constPoly0; poly-- {
			each(poly, func(i int) { p[i].Set(p[i].Add(c.V128).Mul(t[i].V128)) })
		}
		each(constPoly0, func(i int) { p[i].Set(p[i].Add(c.V128).AddBits(power[i].V128)) })
		each(constOne, func(i int) {
			above := c.V128
			if times {
				above = x[i].V128
			}
			x[i].Set(above.Div(p[i].Add(c.V128)))
		})
	}
}

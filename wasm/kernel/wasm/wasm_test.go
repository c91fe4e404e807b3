//go:build !js

package wasm_test

import (
	"bytes"
	"math"
	"slices"
	"sync"
	"testing"

	"blastlens/wasm/kernel/wasm"
	"blastlens/wasm/kernel/wasm/wasmtest"
)

// arithmetic has a function for each kind of statement.
func arithmetic() []byte {
	m := wasm.New(wasm.Memory{Shared: true})
	double := m.Func("double", 1, true)
	double.ReturnValue(double.Param(0).Times(2))

	sum := m.Func("sum", 2, true) // of doubled a, a+3, a+6, ... < b
	sum.Export()
	i, total := sum.Int(), sum.Int()
	sum.For(i, sum.Param(0).I32, sum.Param(1).I32, 3, func() { total.Set(total.Add(double.Result(i.I32))) })
	sum.ReturnValue(total.I32)

	choose := m.Func("choose", 1, true)
	choose.Export()
	result := choose.Let(wasm.Const(-1))
	choose.Switch(choose.Param(0).I32, func() { result.Set(wasm.Const(70000)) }, func() { result.Set(wasm.Const(-70000)) })
	choose.ReturnValue(result.I32)

	until := m.Func("until", 1, true) // the least power of two that is not less
	until.Export()
	n := until.Let(wasm.Const(1))
	until.Block(func(end wasm.Label) {
		until.Loop(func(again wasm.Label) {
			until.If(n.Ge(until.Param(0).I32), func() { until.Br(end) })
			n.Set(n.Times(2))
			until.Br(again)
		})
	})
	until.IfElse(n.Eq(wasm.Const(64)), func() { n.Inc(1000) }, func() { n.Inc(-1) })
	until.ReturnValue(wasm.Min(wasm.Select(n.Gt(wasm.Const(500)), n.Sub(wasm.Const(1)), n.I32), wasm.Const(2000)))

	count := m.Func("count", 1, false)
	count.Export()
	k := count.Int()
	count.For(k, wasm.Const(0), count.Param(0).I32, 1, func() { count.Do(wasm.AtomicAdd(wasm.Const(64), 8, wasm.Const(1))) })
	count.Notify(wasm.Const(64), 8)
	return m.Bytes()
}

func TestStatements(t *testing.T) {
	in := wasmtest.New(t, 1, true).Instance(arithmetic())
	for _, c := range []struct {
		name      string
		arguments []int
		want      int
	}{
		{"sum", []int{5, 5}, 0}, {"sum", []int{5, 6}, 10}, {"sum", []int{-3, 4}, -6 + 0 + 6},
		{"choose", []int{0}, 70000}, {"choose", []int{1}, -70000}, {"choose", []int{2}, -1}, {"choose", []int{-1}, -1},
		{"until", []int{1}, 0}, {"until", []int{33}, 1063}, {"until", []int{65}, 127},
	} {
		if got := in.Call(c.name, c.arguments...); got != c.want {
			t.Errorf("%s%v is %d, want %d", c.name, c.arguments, got, c.want)
		}
	}
}

func TestVectors(t *testing.T) {
	m := wasm.New(wasm.Memory{})
	f := m.Func("vectors", 0, false)
	f.Export()
	base := f.Let(wasm.Const(1024))
	a, b := f.Vec(), f.Vec()
	a.Set(wasm.Load(base.I32, 0))
	b.Set(wasm.Splat(base.I32, 16))
	for i, v := range []wasm.V128{
		a.Add(b.V128), a.Sub(b.V128), a.Mul(b.V128), a.Div(b.V128), a.LeastOf(b.V128), a.MostOf(b.V128),
		wasm.Floats(1.5).ShiftLeft(1), a.AddBits(wasm.Floats(0)),
	} {
		f.Store(base.I32, 256+16*i, v)
	}
	memory := wasmtest.New(t, 1, false)
	nan := float32(math.NaN())
	memory.Write(1024, []float32{1, -2, 8, nan, 4})
	memory.Instance(m.Bytes()).Call("vectors")
	shifted := math.Float32frombits(math.Float32bits(1.5) << 1)
	for i, want := range [][4]float32{
		{5, 2, 12, nan}, {-3, -6, 4, nan}, {4, -8, 32, nan}, {.25, -.5, 2, nan}, {1, -2, 4, nan}, {4, 4, 8, nan},
		{shifted, shifted, shifted, shifted}, {1, -2, 8, nan},
	} {
		got := memory.Read(1024+256+16*i, 4)
		if !slices.EqualFunc(got, want[:], func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Errorf("operation %d: %v, want %v", i, got, want)
		}
	}
}

func TestThreadsShareMemory(t *testing.T) {
	memory := wasmtest.New(t, 1, true)
	var all sync.WaitGroup
	const threads, each = 4, 10000
	for range threads {
		in := memory.Instance(arithmetic())
		all.Go(func() { in.Call("count", each) })
	}
	all.Wait()
	if got := math.Float32bits(memory.Read(72, 1)[0]); got != threads*each {
		t.Errorf("counted %d, want %d", got, threads*each)
	}
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(arithmetic(), arithmetic()) {
		t.Error("the same calls made other bytes")
	}
}

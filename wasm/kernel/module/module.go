//go:build !js

package module

import (
	"time"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/kernel/wasm"
)

const (
	// spins is how often a thread looks whether the others have arrived before it
	// sleeps: about 20 us, more than most threads are apart.
	spins = 100000
	// naps is how often a thread may sleep its share of the patience at a barrier.
	// A tab that was frozen, or a machine that slept, finds one of them over when
	// it wakes, not the run.
	naps = 10
)

// Patience is how long threads wait for one of them, in the page. One that does
// not come within it has died, and with it the run.
const Patience = 10 * time.Second

// Emit returns the module. It exports
//
//	run(threads) -> 0, or 1 if another thread did not arrive within patience
//	serve(thread, threads) -> 0 after stop, 1 as run
//	stop()
//
// Thread 0 calls run once a picture; threads 1 and up call serve once and stay
// in it, asleep between pictures. With one thread, memory need not be shared.
// After a 1 the memory is of no more use: nobody knows what the absent will write.
func Emit(memory wasm.Memory, patience time.Duration) []byte {
	m := wasm.New(memory)
	activate := activation.Emit(m)
	kernels := make([]*wasm.Func, blocked.Ops)
	kernels[blocked.OpPointwise] = pointwise.Emit(m, activate)
	kernels[blocked.OpStem] = stem.Emit(m, activate)
	kernels[blocked.OpMean] = pool.EmitMean(m)
	kernels[blocked.OpPool] = pool.Emit(m)
	kernels[blocked.OpNorm] = norm.Emit(m, activate)
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			kernels[blocked.DepthwiseOp(k, stride)] = depthwise.Emit(m, activate, k, stride)
		}
	}
	picture := emitPicture(m, emitStep(m, kernels), emitBarrier(m, patience))
	emitRun(m, picture)
	emitServe(m, picture)
	emitStop(m)
	return m.Bytes()
}

// emitStep is a thread's share of one record: items, as long as there are any.
func emitStep(m *wasm.Module, kernels []*wasm.Func) *wasm.Func {
	f := m.Func("step", 2, false)
	record, scratch, item := f.Param(0), f.Param(1), f.Int()
	f.Store32(scratch.I32, 0, wasm.Const(0))
	f.Loop(func(again wasm.Label) {
		item.Set(wasm.AtomicAdd(record.I32, blocked.Next, wasm.Const(1)))
		f.If(item.Ge(wasm.Load32(record.I32, blocked.Items)), f.Return)
		var calls []func()
		for _, k := range kernels {
			calls = append(calls, func() { f.Call(k, record.I32, item.I32, scratch.I32) })
		}
		f.Switch(wasm.Load32(record.I32, blocked.Op), calls...)
		f.Br(again)
	})
	return f
}

// emitBarrier returns once all threads have called it, 0, or 1 if one did not
// within patience. The last one readies the record for the next picture.
func emitBarrier(m *wasm.Module, patience time.Duration) *wasm.Func {
	f := m.Func("barrier", 2, true)
	record, threads := f.Param(0), f.Param(1)
	base := wasm.Const(0)
	generation := f.Let(wasm.AtomicLoad(base, blocked.Generation))
	f.If(wasm.AtomicAdd(base, blocked.Arrived, wasm.Const(1)).Eq(threads.Plus(-1)), func() {
		f.AtomicStore(record.I32, blocked.Next, wasm.Const(0))
		f.AtomicStore(base, blocked.Arrived, wasm.Const(0))
		f.If(threads.Gt(wasm.Const(1)), func() {
			f.Do(wasm.AtomicAdd(base, blocked.Generation, wasm.Const(1)))
			f.Notify(base, blocked.Generation)
		})
		f.ReturnValue(wasm.Const(0))
	})
	waiting := wasm.AtomicLoad(base, blocked.Generation).Eq(generation.I32)
	spin := f.Let(wasm.Const(spins))
	f.While(spin.I32, func() {
		f.If(waiting.Eq(wasm.Const(0)), func() { f.ReturnValue(wasm.Const(0)) })
		spin.Inc(-1)
	})
	left := f.Let(wasm.Const(naps))
	f.While(waiting, func() {
		f.If(wasm.Wait(base, blocked.Generation, generation.I32, int64(patience)/naps).Eq(wasm.Const(2)), func() {
			left.Inc(-1)
			f.If(left.Eq(wasm.Const(0)), func() { f.ReturnValue(wasm.Const(1)) })
		})
	})
	f.ReturnValue(wasm.Const(0))
	return f
}

// emitPicture runs all records as one of several threads.
func emitPicture(m *wasm.Module, step, barrier *wasm.Func) *wasm.Func {
	f := m.Func("picture", 2, true)
	thread, threads := f.Param(0), f.Param(1)
	header := func(at int) wasm.I32 { return wasm.Load32(wasm.Const(0), at) }
	record, end := f.Let(header(blocked.Steps)), f.Int()
	end.Set(record.Add(header(blocked.Count).Times(blocked.RecordBytes)))
	scratch := f.Let(header(blocked.Scratch).Add(thread.Mul(header(blocked.ScratchBytes))))
	f.While(record.Lt(end.I32), func() {
		f.Call(step, record.I32, scratch.I32)
		f.If(barrier.Result(record.I32, threads.I32), func() { f.ReturnValue(wasm.Const(1)) })
		record.Inc(blocked.RecordBytes)
	})
	f.ReturnValue(wasm.Const(0))
	return f
}

func emitRun(m *wasm.Module, picture *wasm.Func) {
	f := m.Func("run", 1, true)
	f.Export()
	threads, base := f.Param(0), wasm.Const(0)
	f.If(threads.Gt(wasm.Const(1)), func() {
		f.Do(wasm.AtomicAdd(base, blocked.Started, wasm.Const(1)))
		f.Notify(base, blocked.Started)
	})
	f.ReturnValue(picture.Result(wasm.Const(0), threads.I32))
}

func emitServe(m *wasm.Module, picture *wasm.Func) {
	f := m.Func("serve", 2, true)
	f.Export()
	base, seen := wasm.Const(0), f.Int()
	f.Do(wasm.AtomicAdd(base, blocked.Serving, wasm.Const(1)))
	f.Loop(func(again wasm.Label) {
		f.While(wasm.AtomicLoad(base, blocked.Started).Eq(seen.I32), func() {
			f.Do(wasm.Wait(base, blocked.Started, seen.I32, -1))
		})
		seen.Inc(1)
		f.If(wasm.AtomicLoad(base, blocked.Stop), func() { f.ReturnValue(wasm.Const(0)) })
		f.If(picture.Result(f.Param(0).I32, f.Param(1).I32), func() { f.ReturnValue(wasm.Const(1)) })
		f.Br(again)
	})
	f.ReturnValue(wasm.Const(0))
}

func emitStop(m *wasm.Module) {
	f := m.Func("stop", 0, false)
	f.Export()
	base := wasm.Const(0)
	f.AtomicStore(base, blocked.Stop, wasm.Const(1))
	f.Do(wasm.AtomicAdd(base, blocked.Started, wasm.Const(1)))
	f.Notify(base, blocked.Started)
}

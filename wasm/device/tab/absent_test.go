//go:build !js

package tab

import (
	"slices"
	"testing"
	"time"

	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/module"
	"blastlens/wasm/kernel/wasm"
	"blastlens/wasm/kernel/wasm/wasmtest"
)

const patience = 200 * time.Millisecond

// A thread that never serves, and one that traps in mid-picture: the run ends
// within its patience and says so, whoever waits goes home, and one thread on a
// memory of its own gives the answer that all would have given.
func TestAbsentThread(t *testing.T) {
	impatient := module.Emit(wasm.Memory{Shared: true}, patience)
	p := everyOperation()
	x := kerneltest.Fill(7, p.Values[p.Input].Len())
	const threads = 3
	image, err := NewImage(p, threads)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := NewImage(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := start(t, alone, true).picture(x)

	tests := []struct {
		name     string
		answered bool                    // the first picture is
		second   func(wasmtest.Instance) // is thread 1
	}{
		{"never serves", false, func(wasmtest.Instance) {}},
		{"traps in its second picture", true, func(in wasmtest.Instance) {
			if _, err := in.Try("serve", 1, threads); err == nil {
				t.Error("thread 1 did not trap")
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			memory := wasmtest.New(t, image.Pages, true)
			if err := image.Write(func(c Chunk) { memory.Write(c.At, c.Floats) }); err != nil {
				t.Fatal(err)
			}
			n := &native{t, image, memory, memory.Instance(impatient), threads}
			gone := make(chan int, threads)
			second, third := memory.Instance(impatient), memory.Instance(impatient)
			go func() {
				tt.second(second)
				gone <- 1
			}()
			go func() { gone <- third.Call("serve", 2, threads) }()
			if tt.answered {
				if got := n.picture(x); !slices.EqualFunc(got, want, slices.Equal) {
					t.Error("with all threads there, the answer is another")
				}
				// From here on thread 1's scratch lies outside the memory, while thread
				// 2's, at twice 2 GiB, is where the first thread's is.
				memory.Write(blocked.ScratchBytes, []float32{bits(1 << 31)})
			}
			began := time.Now()
			if n.lead.Call("run", threads) != 1 {
				t.Error("the run did not say that a thread is absent")
			}
			if took := time.Since(began); took < patience/2 || took > 20*patience {
				t.Errorf("gave up after %v, want about %v", took, patience)
			}
			for range threads - 1 {
				select {
				case <-gone:
				case <-time.After(20 * patience):
					t.Fatal("a thread still waits")
				}
			}
		})
	}
}

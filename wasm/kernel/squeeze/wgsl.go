package squeeze

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed squeeze.wgsl
var body string

// Shaders are the gate on the GPU, for t.Pictures: two kernels, run in this
// order, with Scratch float32 between them. Bindings: x, scratch (the means in
// chunks, written); then scratch (read), w, b, w2, b2, y.
func Shaders(s Shape, t wgsl.Target) []wgsl.Kernel {
	// The one workgroup that computes a picture's gate. SwiftShader pays for each
	// invocation at a barrier: 256 took twice as long as 64.
	invocations := 256
	if t.Software {
		invocations = 64
	}
	hidden := wgsl.Fours(s.S)
	gate := wgsl.Program{
		Name:   fmt.Sprintf("squeeze %d-%d", s.C, s.S),
		Body:   body,
		Consts: []wgsl.Const{{Name: "INVOCATIONS", Value: invocations}, {Name: "ROOM", Value: max(invocations, hidden)}},
		Dims: []wgsl.Dim{
			{Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "s4", Value: hidden},
			{Name: "lanes", Value: max(1, invocations/hidden)}, {Name: "chunks", Value: chunks(s)},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.Scratch, Columns: s.C},
			wgsl.InFours(wgsl.W, s.C, s.S),
			{Role: wgsl.B, Columns: s.S},
			wgsl.InFours(wgsl.W2, s.S, s.C),
			{Role: wgsl.B2, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Act:    activation.Sigmoid,
		Groups: [3]uint32{1, 1, uint32(t.Pictures)},
	}.Kernel()
	mean := pool.Shape{Pixels: s.Pixels, C: s.C, Kind: pool.Avg}
	return []wgsl.Kernel{pool.Chunked(mean, wgsl.Scratch, chunks(s), t), gate}
}

// chunks is in how many parts a picture's pixels are averaged: an early map has
// many pixels and few channels, and an invocation takes four channels. A chunk
// has 32 pixels or more, for its sum is read once for every four hidden units.
func chunks(s Shape) int {
	return max(1, min(1024/wgsl.Fours(s.C), s.Pixels/32))
}

// Scratch is the number of float32 that Shaders pass on.
func Scratch(s Shape, t wgsl.Target) int { return t.Pictures * chunks(s) * s.C }

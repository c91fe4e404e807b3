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

// narrow is the vectors of four hidden units that most gates have room in:
// EfficientNet-B3's have 96 units or fewer.
const narrow = 32

// Shaders are the gate on the GPU, for t.Pictures: one kernel, or where there are
// many pixels two, run in this order, with Scratch float32 between them. Bindings:
// x, w, b, w2, b2, y; or x, scratch (written), then scratch (read), w, b, w2, b2, y.
func Shaders(s Shape, t wgsl.Target) []wgsl.Kernel {
	in, parts, divisor := wgsl.X, s.Pixels, s.Pixels
	var kernels []wgsl.Kernel
	if n := chunks(s); n > 0 {
		in, parts, divisor = wgsl.Scratch, n, 1
		kernels = append(kernels, pool.Chunked(pool.Shape{Pixels: s.Pixels, C: s.C, Kind: pool.Avg}, wgsl.Scratch, n, t))
	}
	// SwiftShader pays for each invocation at a barrier: 256 took twice as long as 64.
	invocations := 256
	if t.Software {
		invocations = 64
	}
	hidden := wgsl.Fours(s.S)
	invocations = max(invocations, hidden)
	return append(kernels, wgsl.Program{
		Name:   fmt.Sprintf("squeeze %d-%d", s.C, s.S),
		Body:   body,
		Consts: []wgsl.Const{{Name: "INVOCATIONS", Value: invocations}, {Name: "NARROW", Value: max(narrow, hidden)}},
		Dims: []wgsl.Dim{
			{Name: "parts", Value: parts}, {Name: "divisor", Value: divisor},
			{Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "s4", Value: hidden}, {Name: "lanes", Value: invocations / hidden},
		},
		Arrays: []wgsl.Array{
			{Role: in, Name: "x", Columns: s.C},
			wgsl.InFours(wgsl.W, s.C, s.S),
			{Role: wgsl.B, Columns: s.S},
			wgsl.InFours(wgsl.W2, s.S, s.C),
			{Role: wgsl.B2, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Updated: true},
		},
		Act:    activation.Sigmoid,
		Groups: [3]uint32{1, 1, uint32(t.Pictures)},
	}.Kernel())
}

// chunks is in how many parts a picture's pixels are averaged by a kernel of its
// own, 0 for none: an early map has many pixels and few channels, an invocation
// takes four channels, and one workgroup has few invocations.
func chunks(s Shape) int {
	if s.Pixels <= 64 {
		return 0
	}
	return max(1, min(1024/wgsl.Fours(s.C), s.Pixels/32))
}

// Scratch is the number of float32 that Shaders pass on.
func Scratch(s Shape, t wgsl.Target) int { return t.Pictures * chunks(s) * s.C }

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

// invocations of the one workgroup that computes a gate. SwiftShader pays for
// each at a barrier: 256 took twice as long as 64.
const invocations = 64

// Shaders are the gate on the GPU: two kernels, run in this order, with C
// float32 of scratch between them. Bindings: x, scratch (the means, written);
// then scratch (read), w, b, w2, b2, y.
func Shaders(s Shape) []wgsl.Kernel {
	mean := pool.Shader(pool.Shape{Pixels: s.Pixels, C: s.C, Kind: pool.Avg})
	mean.Bindings = []wgsl.Role{wgsl.X, wgsl.Scratch}
	hidden := wgsl.Fours(s.S)
	gate := wgsl.Program{
		Name: fmt.Sprintf("squeeze %d-%d", s.C, s.S),
		Body: body,
		Consts: []wgsl.Const{
			{Name: "C4", Value: wgsl.Fours(s.C)}, {Name: "S4", Value: hidden},
			{Name: "INVOCATIONS", Value: invocations}, {Name: "LANES", Value: max(1, invocations/hidden)},
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
		Groups: [3]uint32{1, 1, 1},
	}.Kernel()
	return []wgsl.Kernel{mean, gate}
}

// Scratch is the number of float32 that Shaders pass on.
func Scratch(s Shape) int { return s.C }

package dense

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed dense.wgsl
var body string

// Shader is the layer on the GPU, for t.Pictures. Bindings: x, w, b, y.
func Shader(s Shape, act activation.Kind, t wgsl.Target) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("dense %dx%d %s", s.C, s.M, act),
		Body: body,
		Dims: []wgsl.Dim{{Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "m4", Value: wgsl.Fours(s.M)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			wgsl.InFours(wgsl.W, s.C, s.M),
			{Role: wgsl.B, Columns: s.M},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), 1, uint32(t.Pictures)},
	}.Kernel()
}

package norm

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed norm.wgsl
var body string

// Shader is the layer on the GPU. Bindings: x, w (scale), b (shift), y.
func Shader(s Shape, act activation.Kind) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("norm %dx%d %s", s.Rows, s.C, act),
		Body: body,
		Dims: []wgsl.Dim{{Name: "rows", Value: s.Rows}, {Name: "c4", Value: wgsl.Fours(s.C)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.W, Columns: s.C},
			{Role: wgsl.B, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(s.Rows, 8), 1},
	}.Kernel()
}

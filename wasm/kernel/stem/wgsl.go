package stem

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed stem.wgsl
var body string

// Shader is the layer on the GPU. Bindings: x, w, b, y.
func Shader(s Shape, act activation.Kind) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("stem %dx%dx%d %s", s.H, s.W, s.M, act),
		Body: body,
		Consts: []wgsl.Const{
			{Name: "H", Value: s.H}, {Name: "W", Value: s.W}, {Name: "M4", Value: wgsl.Fours(s.M)}, {Name: "OUT_W", Value: s.OutW()},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: 3},
			{Role: wgsl.W, Columns: s.M},
			{Role: wgsl.B, Columns: s.M},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), wgsl.Cover(s.OutW(), 4*8), uint32(s.OutH())},
	}.Kernel()
}

package depthwise

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed depthwise.wgsl
var body string

// Shader is the layer on the GPU. Bindings: x, w, b, y.
func Shader(s Shape, act activation.Kind) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("depthwise %dx%dx%d k%d s%d %s", s.H, s.W, s.C, s.K, s.Stride, act),
		Body: body,
		Consts: []wgsl.Const{
			{Name: "H", Value: s.H}, {Name: "W", Value: s.W}, {Name: "C4", Value: wgsl.Fours(s.C)},
			{Name: "K", Value: s.K}, {Name: "STRIDE", Value: s.Stride}, {Name: "OUT_W", Value: s.OutW()},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.W, Columns: s.C},
			{Role: wgsl.B, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(s.OutW(), 4*8), uint32(s.OutH())},
	}.Kernel()
}

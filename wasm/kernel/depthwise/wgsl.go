package depthwise

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed depthwise.wgsl
var body string

// Shader is the layer on the GPU, for t.Pictures. Bindings: x, w, b, y.
func Shader(s Shape, act activation.Kind, t wgsl.Target) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("depthwise %dx%dx%d k%d s%d %s", s.H, s.W, s.C, s.K, s.Stride, act),
		Body:   body,
		Consts: []wgsl.Const{{Name: "K", Value: s.K}, {Name: "STRIDE", Value: s.Stride}},
		Dims:   s.dims(),
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.W, Columns: s.C},
			{Role: wgsl.B, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(s.OutW(), 4*8), uint32(t.Pictures * s.OutH())},
	}.Kernel()
}

// dims are what every kernel of the operation has in its uniform block.
func (s Shape) dims() []wgsl.Dim {
	return []wgsl.Dim{
		{Name: "h", Value: s.H}, {Name: "w", Value: s.W}, {Name: "c4", Value: wgsl.Fours(s.C)},
		{Name: "out_h", Value: s.OutH()}, {Name: "out_w", Value: s.OutW()},
	}
}

package stem

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed stem.wgsl
var body string

// Shader is the layer on the GPU, for t.Pictures. Bindings: x, w, b, y.
func Shader(s Shape, act activation.Kind, t wgsl.Target) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("stem %dx%dx%d %s", s.H, s.W, s.M, act),
		Body: body,
		Dims: []wgsl.Dim{
			{Name: "h", Value: s.H}, {Name: "w", Value: s.W}, {Name: "m4", Value: wgsl.Fours(s.M)},
			{Name: "out_h", Value: s.OutH()}, {Name: "out_w", Value: s.OutW()},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: 3},
			{Role: wgsl.W, Columns: s.M},
			{Role: wgsl.B, Columns: s.M},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), wgsl.Cover(s.OutW(), 4*8), uint32(t.Pictures * s.OutH())},
	}.Kernel()
}

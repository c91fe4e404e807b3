package pool

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

//go:embed gradient.wgsl
var gradientBody string

// GradientShader is Backward on the GPU, for t.Pictures. Bindings: x, dy, y (dx).
func GradientShader(s Shape, t wgsl.Target) wgsl.Kernel {
	maxima := 0
	if s.Kind == MaxAvg {
		maxima = 1
	}
	return wgsl.Program{
		Name:   fmt.Sprintf("pool gradient %s %dx%d", s.Kind, s.Pixels, s.C),
		Body:   gradientBody,
		Consts: []wgsl.Const{{Name: "MAX", Value: maxima}},
		Dims:   []wgsl.Dim{{Name: "pixels", Value: s.Pixels}, {Name: "c4", Value: wgsl.Fours(s.C)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.DY, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 32), uint32(t.Pictures), 1},
	}.Kernel()
}

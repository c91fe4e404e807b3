package pool

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

//go:embed pool.wgsl
var body string

// Shader is the reduction on the GPU. Bindings: x, y.
func Shader(s Shape) wgsl.Kernel {
	maxima := 0
	if s.Kind == MaxAvg {
		maxima = 1
	}
	return wgsl.Program{
		Name:   fmt.Sprintf("pool %s %dx%d", s.Kind, s.Pixels, s.C),
		Body:   body,
		Consts: []wgsl.Const{{Name: "PIXELS", Value: s.Pixels}, {Name: "C4", Value: wgsl.Fours(s.C)}, {Name: "MAX", Value: maxima}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 32), 1, 1},
	}.Kernel()
}

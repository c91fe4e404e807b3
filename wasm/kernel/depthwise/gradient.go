package depthwise

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

var (
	//go:embed gradient.wgsl
	inputGradientBody string
	//go:embed weightgradient.wgsl
	weightGradientBody string
)

// InputGradientShader is the gradient of the layer's input, plus the one that
// goes around where residual. Bindings: dy, w, then residual where asked for,
// then y (dx).
func InputGradientShader(s Shape, residual bool, t wgsl.Target) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("depthwise input gradient %dx%dx%d k%d s%d", s.H, s.W, s.C, s.K, s.Stride),
		Body:   inputGradientBody,
		Consts: []wgsl.Const{{Name: "K", Value: s.K}, {Name: "STRIDE", Value: s.Stride}},
		Dims:   s.dims(),
		Arrays: []wgsl.Array{
			{Role: wgsl.DY, Columns: s.C},
			{Role: wgsl.W, Columns: s.C},
			{Role: wgsl.Residual, Columns: s.C, Absent: !residual},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(s.W, 8), uint32(t.Pictures * s.H)},
	}.Kernel()
}

// WeightParts is in how many parts WeightGradientShader sums the output's rows.
func WeightParts(s Shape, pictures int) int {
	return wgsl.Parts(pictures*s.OutH(), s.K*wgsl.Fours(s.C), 1, 512)
}

// WeightGradientShader is the gradient of the weights in WeightParts parts.
// Bindings: x, dy, y [parts,K,K,C].
func WeightGradientShader(s Shape, t wgsl.Target) wgsl.Kernel {
	rows, parts := t.Pictures*s.OutH(), WeightParts(s, t.Pictures)
	return wgsl.Program{
		Name:   fmt.Sprintf("depthwise weight gradient %dx%dx%d k%d s%d", s.H, s.W, s.C, s.K, s.Stride),
		Body:   weightGradientBody,
		Consts: []wgsl.Const{{Name: "K", Value: s.K}, {Name: "STRIDE", Value: s.Stride}},
		Dims: append(s.dims(), wgsl.Dim{Name: "rows", Value: rows},
			wgsl.Dim{Name: "part", Value: (rows + parts - 1) / parts}, wgsl.Dim{Name: "parts", Value: parts}),
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.DY, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(parts, 8), uint32(s.K)},
	}.Kernel()
}

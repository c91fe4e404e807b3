package stem

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

//go:embed gradient.wgsl
var gradientBody string

// WeightParts is in how many parts WeightGradientShader sums the output's rows.
func WeightParts(s Shape, pictures int) int {
	return wgsl.Parts(pictures*s.OutH(), 9*wgsl.Fours(s.M), 1, 512)
}

// WeightGradientShader is the gradient of the weights in WeightParts parts; the
// picture has none. Bindings: x, dy, y [parts,3,3,3,M].
func WeightGradientShader(s Shape, t wgsl.Target) wgsl.Kernel {
	rows, parts := t.Pictures*s.OutH(), WeightParts(s, t.Pictures)
	return wgsl.Program{
		Name: fmt.Sprintf("stem weight gradient %dx%d-%d", s.H, s.W, s.M),
		Body: gradientBody,
		Dims: []wgsl.Dim{
			{Name: "h", Value: s.H}, {Name: "w", Value: s.W}, {Name: "m4", Value: wgsl.Fours(s.M)},
			{Name: "out_h", Value: s.OutH()}, {Name: "out_w", Value: s.OutW()},
			{Name: "rows", Value: rows}, {Name: "part", Value: (rows + parts - 1) / parts}, {Name: "parts", Value: parts},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: 3},
			{Role: wgsl.DY, Columns: s.M},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), wgsl.Cover(parts, 8), 9},
	}.Kernel()
}

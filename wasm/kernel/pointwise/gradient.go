package pointwise

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

var (
	//go:embed gradient.wgsl
	gradientBody string
	//go:embed transpose.wgsl
	transposeBody string
	//go:embed slope.wgsl
	slopeBody string
	//go:embed sum.wgsl
	sumBody string
)

// InputGradientShader is dx = dy·wᵀ, plus the gradient that goes around where
// residual: the layer itself, from s.M to s.C channels, with the weights as
// TransposeShader turns them. Bindings: x (dy), w (turned), b (zeros), then
// residual where asked for, then y (dx).
func InputGradientShader(s Shape, residual bool, t wgsl.Target) wgsl.Kernel {
	return Shader(Shape{Rows: s.Rows, C: s.M, M: s.C}, activation.None, false, residual, t)
}

// TransposeShader turns x [c,m] into y [m,c].
func TransposeShader(c, m int) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("transpose %dx%d", c, m),
		Body:   transposeBody,
		Dims:   []wgsl.Dim{{Name: "m", Value: m}, {Name: "c4", Value: wgsl.Fours(c)}, {Name: "m4", Value: wgsl.Fours(m)}},
		Arrays: []wgsl.Array{wgsl.InFours(wgsl.X, c, m), {Role: wgsl.Y, Columns: c, Written: true}},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(m), 8), wgsl.Cover(wgsl.Fours(c), 8), 1},
	}.Kernel()
}

// WeightParts is in how many parts WeightGradientShader sums rows.
func WeightParts(s Shape) int {
	const most = 1 << 24 // values of all parts together
	return wgsl.Parts(s.Rows, wgsl.Fours(s.M)*int(wgsl.Cover(s.C, 8)), 64, max(1, min(256, most/(s.C*s.M))))
}

// WeightGradientShader is xᵀ·dy in WeightParts parts, which SumShader adds up.
// Bindings: x [Rows,C], dy [Rows,M], y [parts,C,M].
func WeightGradientShader(s Shape) wgsl.Kernel {
	parts := WeightParts(s)
	return wgsl.Program{
		Name: fmt.Sprintf("pointwise weight gradient %dx%dx%d", s.Rows, s.C, s.M),
		Body: gradientBody,
		Dims: []wgsl.Dim{
			{Name: "rows", Value: s.Rows}, {Name: "part", Value: (s.Rows + parts - 1) / parts}, {Name: "c", Value: s.C},
			{Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "m4", Value: wgsl.Fours(s.M)},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.DY, Columns: s.M},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), wgsl.Cover(wgsl.Fours(s.C), 16), uint32(parts)},
	}.Kernel()
}

// SumShader adds all rows of x [rows,c] into y [c]: the parts of a gradient, or
// the gradient of a bias.
func SumShader(rows, c int) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("sum of rows %dx%d", rows, c),
		Body:   sumBody,
		Dims:   []wgsl.Dim{{Name: "rows", Value: rows}, {Name: "c4", Value: wgsl.Fours(c)}},
		Arrays: []wgsl.Array{{Role: wgsl.X, Columns: c}, {Role: wgsl.Y, Columns: c, Written: true}},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(c), 64), 1, 1},
	}.Kernel()
}

// SlopeShader multiplies y [rows,c] by the derivative of act at x [rows,c], in place.
func SlopeShader(rows, c int, act activation.Kind) wgsl.Kernel {
	return product(rows, c, fmt.Sprintf("slope %s", act), wgsl.Slope(act))
}

// MultiplyShader multiplies y [rows,c] by x [rows,c], in place.
func MultiplyShader(rows, c int) wgsl.Kernel {
	return product(rows, c, "product", "fn slope(x: vec4f) -> vec4f { return x; }\n")
}

func product(rows, c int, name, slope string) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("%s %dx%d", name, rows, c),
		Body:   slope + slopeBody,
		Dims:   []wgsl.Dim{{Name: "rows", Value: rows}, {Name: "c4", Value: wgsl.Fours(c)}},
		Arrays: []wgsl.Array{{Role: wgsl.X, Columns: c}, {Role: wgsl.Y, Columns: c, Updated: true}},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(c), 8), wgsl.Cover(rows, 8), 1},
	}.Kernel()
}

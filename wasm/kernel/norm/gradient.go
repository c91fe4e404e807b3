package norm

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

var (
	//go:embed apply.wgsl
	applyBody string
	//go:embed moments.wgsl
	momentsBody string
	//go:embed statistics.wgsl
	statisticsBody string
	//go:embed fixed.wgsl
	fixedBody string
	//go:embed slopes.wgsl
	slopesBody string
	//go:embed settle.wgsl
	settleBody string
	//go:embed gradient.wgsl
	gradientBody string
)

// Batch-norm in training on the GPU: MomentsShader and StatisticsShader turn a
// batch's rows into Stats, ApplyShader goes on from there. Back come
// SlopesShader, SettleShader and InputGradientShader. Sums are taken in Parts
// and added up in a fixed order.

// Parts is in how many parts the rows of a shape are summed.
func Parts(s Shape) int { return wgsl.Parts(s.Rows, wgsl.Fours(s.C), 32, 2048) }

// rows covers n rows by workgroups of eight, in as many layers as it takes.
func rows(n int) (y, z uint32) {
	groups := int(wgsl.Cover(n, 8))
	return uint32(min(groups, wgsl.MaxGroups)), wgsl.Cover(groups, wgsl.MaxGroups)
}

func number(name string, v float64) string { return fmt.Sprintf("const %s: f32 = %g;\n", name, v) }

func (s Shape) parts() []wgsl.Dim {
	n := Parts(s)
	return []wgsl.Dim{{Name: "rows", Value: s.Rows}, {Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "parts", Value: n}, {Name: "part", Value: (s.Rows + n - 1) / n}}
}

// ApplyShader is act(x*scale + shift)*gate + residual. A row of gate [Rows/pixels,C]
// serves as many rows of x as a picture has pixels. Bindings: x, stats, then gate
// and residual where asked for, then y.
func ApplyShader(s Shape, act activation.Kind, pixels int, gate, residual bool) wgsl.Kernel {
	y, z := rows(s.Rows)
	return wgsl.Program{
		Name: fmt.Sprintf("norm apply %dx%d %s", s.Rows, s.C, act),
		Body: applyBody,
		Dims: []wgsl.Dim{{Name: "rows", Value: s.Rows}, {Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "pixels", Value: pixels}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.Stats, Columns: s.C},
			{Role: wgsl.Gate, Columns: s.C, Absent: !gate, Else: 1},
			{Role: wgsl.Residual, Columns: s.C, Absent: !residual},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Act:    act,
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), y, z},
	}.Kernel()
}

// MomentsShader is the first stage of the statistics. Bindings: x, y [Parts,2,C].
func MomentsShader(s Shape) wgsl.Kernel {
	return wgsl.Program{
		Name:   fmt.Sprintf("norm moments %dx%d", s.Rows, s.C),
		Body:   momentsBody,
		Dims:   s.parts(),
		Arrays: []wgsl.Array{{Role: wgsl.X, Columns: s.C}, {Role: wgsl.Y, Columns: s.C, Written: true}},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(Parts(s), 8), 1},
	}.Kernel()
}

// StatisticsShader is their second stage: it makes stats [4,C] (scale, shift,
// mean, biased variance) and moves running [2,C] by momentum (PyTorch's
// convention; the variance there is unbiased). Bindings: x [Parts,2,C], w
// (gamma), b (beta), running, stats.
func StatisticsShader(s Shape, eps, momentum float64) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("norm statistics %dx%d", s.Rows, s.C),
		Body: number("EPS", eps) + number("MOMENTUM", momentum) + statisticsBody,
		Dims: s.parts(),
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C}, {Role: wgsl.W, Columns: s.C}, {Role: wgsl.B, Columns: s.C},
			{Role: wgsl.Running, Columns: s.C, Updated: true}, {Role: wgsl.Stats, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{uint32(wgsl.Fours(s.C)), 1, 1},
	}.Kernel()
}

// FixedShader makes stats [4,C] from the running statistics. Bindings: running,
// w (gamma), b (beta), stats.
func FixedShader(c int, eps float64) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("norm fixed %d", c),
		Body: number("EPS", eps) + fixedBody,
		Dims: []wgsl.Dim{{Name: "c4", Value: wgsl.Fours(c)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.Running, Columns: c}, {Role: wgsl.W, Columns: c}, {Role: wgsl.B, Columns: c},
			{Role: wgsl.Stats, Columns: c, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(c), 64), 1, 1},
	}.Kernel()
}

// SlopesShader is the first stage of the backward pass, for the gradient dy after
// the activation. Bindings: dy, x, stats, y [Parts,2,C].
func SlopesShader(s Shape, act activation.Kind) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("norm slopes %dx%d %s", s.Rows, s.C, act),
		Body: wgsl.Slope(act) + slopesBody,
		Dims: s.parts(),
		Arrays: []wgsl.Array{
			{Role: wgsl.DY, Columns: s.C}, {Role: wgsl.X, Columns: s.C},
			{Role: wgsl.Stats, Columns: s.C}, {Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(Parts(s), 8), 1},
	}.Kernel()
}

// SettleShader is its second stage: the gradients of gamma and beta, and the
// factors for InputGradientShader. Bindings: x [Parts,2,C], stats, w (gamma),
// y [3,C], dw, db.
func SettleShader(s Shape, eps float64) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("norm settle %dx%d", s.Rows, s.C),
		Body: number("EPS", eps) + settleBody,
		Dims: s.parts(),
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C}, {Role: wgsl.Stats, Columns: s.C}, {Role: wgsl.W, Columns: s.C},
			{Role: wgsl.Y, Columns: s.C, Written: true}, {Role: wgsl.DW, Columns: s.C, Written: true}, {Role: wgsl.DB, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{uint32(wgsl.Fours(s.C)), 1, 1},
	}.Kernel()
}

// InputGradientShader is the gradient y [Rows,C] of the input x, from the one after
// the activation: dy, or where inPlace y itself. Bindings: x, stats, w (of
// SettleShader), then dy where it is not in place, then y.
func InputGradientShader(s Shape, act activation.Kind, inPlace bool) wgsl.Kernel {
	y, z := rows(s.Rows)
	from := "dy"
	if inPlace {
		from = "y"
	}
	return wgsl.Program{
		Name: fmt.Sprintf("norm input gradient %dx%d %s", s.Rows, s.C, act),
		Body: wgsl.Slope(act) + fmt.Sprintf("fn g_at(row: u32, column: u32) -> vec4f { return %s_at(row, column); }\n", from) + gradientBody,
		Dims: []wgsl.Dim{{Name: "rows", Value: s.Rows}, {Name: "c4", Value: wgsl.Fours(s.C)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C}, {Role: wgsl.Stats, Columns: s.C}, {Role: wgsl.W, Columns: s.C},
			{Role: wgsl.DY, Columns: s.C, Absent: inPlace},
			{Role: wgsl.Y, Columns: s.C, Updated: inPlace, Written: !inPlace},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), y, z},
	}.Kernel()
}

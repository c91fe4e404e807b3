package squeeze

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

// In training the gate's two layers are pointwise ones on rows of pictures; what
// is left are its sums over pixels and the way back to the map.

var (
	//go:embed sum.wgsl
	sumBody string
	//go:embed gradient.wgsl
	gradientBody string
)

func sum(s Shape, name string, mean bool, t wgsl.Target) wgsl.Kernel {
	is := 0
	if mean {
		is = 1
	}
	return wgsl.Program{
		Name:   fmt.Sprintf("squeeze %s %dx%d", name, s.Pixels, s.C),
		Body:   sumBody,
		Consts: []wgsl.Const{{Name: "MEAN", Value: is}},
		Dims:   []wgsl.Dim{{Name: "pixels", Value: s.Pixels}, {Name: "c4", Value: wgsl.Fours(s.C)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: wgsl.DY, Columns: s.C, Absent: mean, Else: 1},
			{Role: wgsl.Gate, Columns: s.C, Absent: mean},
			{Role: wgsl.Y, Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), uint32(t.Pictures), 1},
	}.Kernel()
}

// MeanShader is each picture's mean over its pixels. Bindings: x, y [pictures,C].
func MeanShader(s Shape, t wgsl.Target) wgsl.Kernel { return sum(s, "mean", true, t) }

// GateGradientShader is the gradient before the gate's sigmoid, from dy, that of
// the gated map, and the map x. Bindings: x, dy, gate, y [pictures,C].
func GateGradientShader(s Shape, t wgsl.Target) wgsl.Kernel { return sum(s, "gate gradient", false, t) }

// InputGradientShader turns y, the gradient of the gated map, into that of the
// map, for the gradient x of the gate's means. Bindings: x, gate, y.
func InputGradientShader(s Shape, t wgsl.Target) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("squeeze input gradient %dx%d", s.Pixels, s.C),
		Body: gradientBody,
		Dims: []wgsl.Dim{{Name: "pixels", Value: s.Pixels}, {Name: "c4", Value: wgsl.Fours(s.C)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C}, {Role: wgsl.Gate, Columns: s.C}, {Role: wgsl.Y, Columns: s.C, Updated: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 8), wgsl.Cover(s.Pixels, 8), uint32(t.Pictures)},
	}.Kernel()
}

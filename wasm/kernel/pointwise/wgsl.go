package pointwise

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed pointwise.wgsl
var body string

//go:embed split.wgsl
var splitBody string

// A layer whose rows and output channels make fewer than busy workgroups leaves
// most of a GPU idle, if it does not split its sums: of C input channels, so that
// they must be splitFrom or more. The late layers of a network at 224 pixels are
// such. A laptop's GPU has 8 to 40 cores and wants some workgroups in each.
const (
	busy      = 128
	splitFrom = 128
)

// Shader is the layer on the GPU, for t.Pictures of s.Rows each. Bindings: x, w,
// b, then gate and residual where asked for, then y.
func Shader(s Shape, act activation.Kind, gate, residual bool, t wgsl.Target) wgsl.Kernel {
	name := fmt.Sprintf("pointwise %dx%dx%d", s.Rows, s.C, s.M)
	if gate {
		name += " gate"
	}
	if residual {
		name += " residual"
	}
	source, groups := body, [3]uint32{wgsl.Cover(wgsl.Fours(s.M), 8), wgsl.Cover(s.Rows, 8*8), uint32(t.Pictures)}
	if !t.Software && s.C >= splitFrom && groups[0]*groups[1]*groups[2] < busy {
		source, groups[1] = splitBody, wgsl.Cover(s.Rows, 4)
	}
	return wgsl.Program{
		Name: fmt.Sprintf("%s %s", name, act),
		Body: source,
		Dims: []wgsl.Dim{{Name: "rows", Value: s.Rows}, {Name: "c4", Value: wgsl.Fours(s.C)}, {Name: "m4", Value: wgsl.Fours(s.M)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			wgsl.InFours(wgsl.W, s.C, s.M),
			{Role: wgsl.B, Columns: s.M},
			{Role: wgsl.Gate, Columns: s.C, Absent: !gate, Else: 1},
			{Role: wgsl.Residual, Columns: s.M, Absent: !residual},
			{Role: wgsl.Y, Columns: s.M, Written: true},
		},
		Act:    act,
		Groups: groups,
	}.Kernel()
}

package ongpu

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

// Roles that only the trainer's own kernels have.
const (
	target   wgsl.Role = "labels"
	settings wgsl.Role = "settings"
	group    wgsl.Role = "group"
	total    wgsl.Role = "total"
	weights  wgsl.Role = "weights"
	first    wgsl.Role = "first"
	second   wgsl.Role = "second"
)

var (
	//go:embed crossentropy.wgsl
	crossEntropyBody string
	//go:embed squares.wgsl
	squaresBody string
	//go:embed total.wgsl
	totalBody string
	//go:embed settings.wgsl
	settingsBody string
	//go:embed adamw.wgsl
	adamWBody string
	//go:embed average.wgsl
	averageBody string
)

// fourBlock is how many fours of an arena belong to one parameter's group: parameters
// begin where a binding may.
const fourBlock = aligned / 4

// fours is an array of vectors of four.
func fours(role wgsl.Role) wgsl.Array { return wgsl.Array{Role: role, Columns: 4} }

func updated(role wgsl.Role) wgsl.Array {
	return wgsl.Array{Role: role, Columns: 4, Updated: true}
}

func written(role wgsl.Role) wgsl.Array {
	return wgsl.Array{Role: role, Columns: 4, Written: true}
}

// crossEntropyShader is the gradient of the logits. Bindings: x, target,
// settings, y.
func crossEntropyShader(pictures, classes int) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("cross-entropy %dx%d", pictures, classes), Body: crossEntropyBody,
		Dims: []wgsl.Dim{{Name: "pictures", Value: pictures}, {Name: "classes", Value: classes}, {Name: "c4", Value: wgsl.Fours(classes)}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: classes}, {Role: target, Columns: classes}, fours(settings), {Role: wgsl.Y, Columns: classes, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(pictures, 64), 1, 1},
	}.Kernel()
}

// sums is how many invocations sum the squares of the gradients.
const sums = 4096

// normShaders are the sum of the squares of n fours of gradients, in two kernels
// with sums fours between them. Bindings: x, group, settings, scratch; then
// scratch, total.
func normShaders(n int) []wgsl.Kernel {
	return []wgsl.Kernel{
		wgsl.Program{
			Name: fmt.Sprintf("squares %d", n), Body: settingsBody + squaresBody,
			Consts: []wgsl.Const{{Name: "BLOCK", Value: fourBlock}},
			Dims:   []wgsl.Dim{{Name: "fours", Value: n}, {Name: "invocations", Value: sums}},
			Arrays: []wgsl.Array{fours(wgsl.X), {Role: group, Columns: 1}, fours(settings), {Role: wgsl.Scratch, Name: "y", Columns: 4, Written: true}},
			Groups: [3]uint32{sums / 64, 1, 1},
		}.Kernel(),
		wgsl.Program{
			Name: "sum of squares", Body: totalBody,
			Dims:   []wgsl.Dim{{Name: "rows", Value: sums}},
			Arrays: []wgsl.Array{{Role: wgsl.Scratch, Name: "x", Columns: 4}, {Role: total, Name: "y", Columns: 4, Written: true}},
			Groups: [3]uint32{1, 1, 1},
		}.Kernel(),
	}
}

// adamWShader updates n fours. Bindings: x, total, weights, first, second, group,
// settings.
func adamWShader(n int) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("AdamW %d", n), Body: settingsBody + adamWBody,
		Consts: []wgsl.Const{{Name: "BLOCK", Value: fourBlock}},
		Dims:   []wgsl.Dim{{Name: "fours", Value: n}},
		Arrays: []wgsl.Array{
			fours(wgsl.X), fours(total), updated(weights), updated(first), updated(second), {Role: group, Columns: 1}, fours(settings),
		},
		Groups: [3]uint32{wgsl.Cover(n, 64), 1, 1},
	}.Kernel()
}

// averageShader moves y towards x. Bindings: x, total, settings, y.
func averageShader(n int) wgsl.Kernel {
	return wgsl.Program{
		Name: fmt.Sprintf("average %d", n), Body: averageBody,
		Dims:   []wgsl.Dim{{Name: "fours", Value: n}},
		Arrays: []wgsl.Array{fours(wgsl.X), fours(total), fours(settings), updated(wgsl.Y)},
		Groups: [3]uint32{wgsl.Cover(n, 64), 1, 1},
	}.Kernel()
}

package pool

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

//go:embed pool.wgsl
var body string

// Shader is the reduction on the GPU, for t.Pictures. Bindings: x, y.
func Shader(s Shape, t wgsl.Target) wgsl.Kernel { return Chunked(s, wgsl.Y, 1, t) }

// Chunked is Shader with each picture's pixels in chunks, for more invocations:
// an average comes in as many rows of out, which add up to it. A maximum has one.
func Chunked(s Shape, out wgsl.Role, chunks int, t wgsl.Target) wgsl.Kernel {
	maxima := 0
	if s.Kind == MaxAvg {
		maxima, chunks = 1, 1
	}
	return wgsl.Program{
		Name:   fmt.Sprintf("pool %s %dx%d", s.Kind, s.Pixels, s.C),
		Body:   body,
		Consts: []wgsl.Const{{Name: "MAX", Value: maxima}},
		Dims: []wgsl.Dim{
			{Name: "pixels", Value: s.Pixels}, {Name: "c4", Value: wgsl.Fours(s.C)},
			{Name: "chunks", Value: chunks}, {Name: "chunk", Value: (s.Pixels + chunks - 1) / chunks},
		},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: s.C},
			{Role: out, Name: "y", Columns: s.C, Written: true},
		},
		Groups: [3]uint32{wgsl.Cover(wgsl.Fours(s.C), 32), uint32(chunks), uint32(t.Pictures)},
	}.Kernel()
}

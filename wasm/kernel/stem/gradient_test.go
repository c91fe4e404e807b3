//go:build !js

package stem_test

import (
	"fmt"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/kernel/wgsl"
)

// The gradient of two pictures at a time.
func TestGradientShader(t *testing.T) {
	const pictures = 2
	for _, c := range kerneltest.StemCases {
		for _, p := range kerneltest.Precisions {
			t.Run(fmt.Sprintf("%v,half %v", c, p.Half), func(t *testing.T) {
				s, target := c.Shape, wgsl.Target{Pictures: pictures}
				in, out := s.H*s.W*3, s.OutH()*s.OutW()*s.M
				x, dy := kerneltest.Fill(1, pictures*in), kerneltest.Fill(2, pictures*out)
				want, got := make([]float32, 27*s.M), make([]float32, 27*s.M)
				for i := range pictures {
					stem.RefBackward(want, x[i*in:(i+1)*in], dy[i*out:(i+1)*out], s)
				}
				sums := make([]float32, stem.WeightParts(s, pictures)*len(want))
				kerneltest.Trained(t, []wgsl.Kernel{stem.WeightGradientShader(s, target)},
					map[wgsl.Role][]float32{wgsl.X: x, wgsl.DY: dy, wgsl.Y: sums}, p.Half, s.M, wgsl.DY)
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.SumShader(stem.WeightParts(s, pictures), len(want))},
					map[wgsl.Role][]float32{wgsl.X: sums, wgsl.Y: got}, p.Half, s.M)
				kerneltest.Equal(t, got, want, p.Tolerance)
			})
		}
	}
}

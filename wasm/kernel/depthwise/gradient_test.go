//go:build !js

package depthwise_test

import (
	"fmt"
	"testing"

	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/wgsl"
)

// The gradients of two pictures at a time.
func TestGradientShaders(t *testing.T) {
	const pictures = 2
	for _, c := range kerneltest.DepthwiseCases {
		if s := c.Shape; s.H*s.W*s.C > 1<<16 {
			continue
		}
		for _, p := range kerneltest.Precisions {
			if p.Half && c.C%4 != 0 {
				continue // is float32
			}
			t.Run(fmt.Sprintf("%v,half %v", c, p.Half), func(t *testing.T) {
				s, target := c.Shape, wgsl.Target{Pictures: pictures}
				in, out := s.H*s.W*s.C, s.OutH()*s.OutW()*s.C
				_, w, _ := c.Inputs()
				x, dy, around := kerneltest.Fill(1, pictures*in), kerneltest.Fill(2, pictures*out), kerneltest.Fill(3, pictures*in)
				wantX, wantW := make([]float32, len(x)), make([]float32, len(w))
				for i := range pictures {
					depthwise.RefBackward(wantX[i*in:(i+1)*in], wantW, x[i*in:(i+1)*in], w, dy[i*out:(i+1)*out], s)
				}
				gotX, gotW := make([]float32, len(x)), make([]float32, len(w))
				sums := make([]float32, depthwise.WeightParts(s, pictures)*len(w))
				kerneltest.Trained(t, []wgsl.Kernel{depthwise.WeightGradientShader(s, target)},
					map[wgsl.Role][]float32{wgsl.X: x, wgsl.DY: dy, wgsl.Y: sums}, p.Half, s.C, wgsl.X, wgsl.DY)
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.SumShader(depthwise.WeightParts(s, pictures), len(w))},
					map[wgsl.Role][]float32{wgsl.X: sums, wgsl.Y: gotW}, p.Half, s.C)
				kerneltest.Equal(t, gotW, wantW, p.Tolerance)

				kerneltest.Trained(t, []wgsl.Kernel{depthwise.InputGradientShader(s, false, target)},
					map[wgsl.Role][]float32{wgsl.DY: dy, wgsl.W: w, wgsl.Y: gotX}, p.Half, s.C, wgsl.DY, wgsl.Y)
				kerneltest.Equal(t, gotX, wantX, p.Tolerance)
				kerneltest.Trained(t, []wgsl.Kernel{depthwise.InputGradientShader(s, true, target)},
					map[wgsl.Role][]float32{wgsl.DY: dy, wgsl.W: w, wgsl.Residual: around, wgsl.Y: gotX}, p.Half, s.C, wgsl.DY, wgsl.Residual, wgsl.Y)
				pointwise.Add(wantX, around)
				kerneltest.Equal(t, gotX, wantX, p.Tolerance)
			})
		}
	}
}

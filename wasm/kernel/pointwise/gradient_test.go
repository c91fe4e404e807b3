//go:build !js

package pointwise_test

import (
	"fmt"
	"slices"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/wgsl"
)

func TestGradientShaders(t *testing.T) {
	seen := map[pointwise.Shape]bool{}
	for _, c := range kerneltest.PointwiseCases {
		s := c.Shape
		if seen[s] || s.C*s.M > 1<<17 {
			continue
		}
		seen[s] = true
		for _, p := range kerneltest.Precisions {
			t.Run(fmt.Sprintf("%v,half %v", s, p.Half), func(t *testing.T) {
				target, half := wgsl.Target{Pictures: 1}, p.Half && s.C%4 == 0 && s.M%4 == 0
				x, w, _, _, _ := c.Inputs()
				dy, around := kerneltest.Fill(6, s.Rows*s.M), kerneltest.Fill(8, s.Rows*s.C)
				wantX, wantW := make([]float32, len(x)), make([]float32, len(w))
				pointwise.RefBackward(wantX, wantW, x, w, dy, s)
				pointwise.Add(wantX, around)

				turned := make([]float32, len(w))
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.TransposeShader(s.C, s.M)}, map[wgsl.Role][]float32{wgsl.X: w, wgsl.Y: turned}, half, s.M)
				gotX := make([]float32, len(x))
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.InputGradientShader(s, true, target)}, map[wgsl.Role][]float32{
					wgsl.X: slices.Clone(dy), wgsl.W: turned, wgsl.B: make([]float32, s.C), wgsl.Residual: around, wgsl.Y: gotX,
				}, half, 4, wgsl.X, wgsl.Residual, wgsl.Y)
				kerneltest.Equal(t, gotX, wantX, p.Tolerance)

				sums, gotW := make([]float32, pointwise.WeightParts(s)*len(w)), make([]float32, len(w))
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.WeightGradientShader(s)},
					map[wgsl.Role][]float32{wgsl.X: x, wgsl.DY: dy, wgsl.Y: sums}, half, 4, wgsl.X, wgsl.DY)
				kerneltest.Trained(t, []wgsl.Kernel{pointwise.SumShader(pointwise.WeightParts(s), len(w))},
					map[wgsl.Role][]float32{wgsl.X: sums, wgsl.Y: gotW}, half, 4)
				kerneltest.Equal(t, gotW, wantW, p.Tolerance)
			})
		}
	}
}

func TestSlopeShader(t *testing.T) {
	for _, act := range []activation.Kind{activation.None, activation.ReLU, activation.SiLU, activation.Sigmoid} {
		for _, c := range []int{1, 6, 8} {
			z, dy := kerneltest.Scaled(1, 5*c, 9), kerneltest.Fill(2, 5*c)
			want := slices.Clone(dy)
			act.Gradient(want, z)
			kerneltest.Trained(t, []wgsl.Kernel{pointwise.SlopeShader(5, c, act)}, map[wgsl.Role][]float32{wgsl.X: z, wgsl.Y: dy}, false, c)
			kerneltest.Equal(t, dy, want, kerneltest.GPU)
			want = slices.Clone(dy)
			for i, v := range z {
				want[i] *= v
			}
			kerneltest.Trained(t, []wgsl.Kernel{pointwise.MultiplyShader(5, c)}, map[wgsl.Role][]float32{wgsl.X: z, wgsl.Y: dy}, false, c)
			kerneltest.Equal(t, dy, want, kerneltest.GPU)
		}
	}
}

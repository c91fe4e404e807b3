//go:build !js

package squeeze_test

import (
	"fmt"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/wgsl"
)

// What the gate's training has beside its two layers, of two pictures at a time.
func TestGradientShaders(t *testing.T) {
	const pictures = 2
	for _, c := range kerneltest.SqueezeCases {
		for _, p := range kerneltest.Precisions {
			t.Run(fmt.Sprintf("%v,half %v", c, p.Half), func(t *testing.T) {
				s, target := c.Shape, wgsl.Target{Pictures: pictures}
				n := s.Pixels * s.C
				x, dy := kerneltest.Fill(1, pictures*n), kerneltest.Fill(2, pictures*n)
				gate, dmean := kerneltest.Fill(3, pictures*s.C), kerneltest.Fill(4, pictures*s.C)
				wantMean, wantGate, wantX := make([]float32, len(gate)), make([]float32, len(gate)), make([]float32, len(x))
				for i := range pictures {
					pool.Ref(wantMean[i*s.C:(i+1)*s.C], x[i*n:], pool.Shape{Pixels: s.Pixels, C: s.C, Kind: pool.Avg})
					sums := norm.NewSlopes(s.C)
					sums.AddRows(dy[i*n:(i+1)*n], x[i*n:(i+1)*n], make([]float32, s.C))
					for k := range s.C {
						v := float64(gate[i*s.C+k])
						wantGate[i*s.C+k] = float32(sums.Products[k] * v * (1 - v))
					}
					for k := range n {
						wantX[i*n+k] = dy[i*n+k]*gate[i*s.C+k%s.C] + dmean[i*s.C+k%s.C]/float32(s.Pixels)
					}
				}
				mean, dgate := make([]float32, len(gate)), make([]float32, len(gate))
				kerneltest.Trained(t, []wgsl.Kernel{squeeze.MeanShader(s, target)}, map[wgsl.Role][]float32{wgsl.X: x, wgsl.Y: mean}, p.Half, s.C, wgsl.X)
				kerneltest.Equal(t, mean, wantMean, p.Tolerance)
				kerneltest.Trained(t, []wgsl.Kernel{squeeze.GateGradientShader(s, target)},
					map[wgsl.Role][]float32{wgsl.X: x, wgsl.DY: dy, wgsl.Gate: gate, wgsl.Y: dgate}, p.Half, s.C, wgsl.X, wgsl.DY)
				kerneltest.Equal(t, dgate, wantGate, p.Tolerance)
				kerneltest.Trained(t, []wgsl.Kernel{squeeze.InputGradientShader(s, target)},
					map[wgsl.Role][]float32{wgsl.X: dmean, wgsl.Gate: gate, wgsl.Y: dy}, p.Half, s.C, wgsl.Y)
				kerneltest.Equal(t, dy, wantX, p.Tolerance)
			})
		}
	}
}

//go:build !js

package norm_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/wgsl"
)

// Forward and backward pass of batch-norm and the activation behind it, with
// gates and a residual, against the scalar reference.
func TestTrainingShaders(t *testing.T) {
	const pixels = 3
	for _, s := range []norm.Shape{{Rows: 5, C: 1}, {Rows: 9, C: 6}, {Rows: 63, C: 17}, {Rows: 999, C: 8}, {Rows: 3000, C: 40}, {Rows: 600, C: 3072}} {
		for _, act := range []activation.Kind{activation.None, activation.SiLU, activation.ReLU} {
			for _, p := range kerneltest.Precisions {
				if s.C > 1000 && (act != activation.None || p.Half) {
					continue
				}
				t.Run(fmt.Sprintf("%dx%d %s,half %v", s.Rows, s.C, act, p.Half), func(t *testing.T) {
					x, gamma, beta, dy := inputs(s)
					around := kerneltest.Fill(9, len(x))
					if p.Half && s.C%4 == 0 {
						kerneltest.RoundToHalf(x)
					}
					gate := kerneltest.Fill(10, (s.Rows+pixels-1)/pixels*s.C)
					z := make([]float32, len(x))
					wantX, wantW, wantB := make([]float32, len(x)), make([]float32, s.C), make([]float32, s.C)
					norm.RefTraining(z, wantX, wantW, wantB, x, gamma, beta, dy, eps, s)
					wantY, before := slices.Clone(z), slices.Clone(dy)
					act.Map(wantY)
					act.Gradient(before, z)
					norm.RefTraining(z, wantX, wantW, wantB, x, gamma, beta, before, eps, s)
					for i := range wantY {
						wantY[i] = wantY[i]*gate[i/s.C/pixels*s.C+i%s.C] + around[i]
					}

					sums, stats := make([]float32, norm.Parts(s)*2*s.C), make([]float32, 4*s.C)
					run := func(k wgsl.Kernel, arrays map[wgsl.Role][]float32, maps ...wgsl.Role) {
						t.Helper()
						kerneltest.Trained(t, []wgsl.Kernel{k}, arrays, p.Half, s.C, maps...)
					}
					run(norm.MomentsShader(s), map[wgsl.Role][]float32{wgsl.X: x, wgsl.Y: sums}, wgsl.X)
					running := kerneltest.Fill(11, 2*s.C)
					wantRunning := slices.Clone(running)
					run(norm.StatisticsShader(s, eps, .1), map[wgsl.Role][]float32{wgsl.X: sums, wgsl.W: gamma, wgsl.B: beta, wgsl.Running: running, wgsl.Stats: stats})
					unbias := float32(s.Rows) / float32(s.Rows-1)
					for c := range s.C {
						wantRunning[c] += .1 * (stats[2*s.C+c] - wantRunning[c])
						wantRunning[s.C+c] += .1 * (stats[3*s.C+c]*unbias - wantRunning[s.C+c])
					}
					kerneltest.Equal(t, running, wantRunning, kerneltest.GPU)
					y := make([]float32, len(x))
					run(norm.ApplyShader(s, act, pixels, true, true),
						map[wgsl.Role][]float32{wgsl.X: x, wgsl.Stats: stats, wgsl.Gate: gate, wgsl.Residual: around, wgsl.Y: y}, wgsl.X, wgsl.Residual, wgsl.Y)
					kerneltest.Equal(t, y, wantY, p.Tolerance)

					run(norm.SlopesShader(s, act), map[wgsl.Role][]float32{wgsl.DY: dy, wgsl.X: x, wgsl.Stats: stats, wgsl.Y: sums}, wgsl.DY, wgsl.X)
					factors, dw, db := make([]float32, 3*s.C), make([]float32, s.C), make([]float32, s.C)
					run(norm.SettleShader(s, eps), map[wgsl.Role][]float32{wgsl.X: sums, wgsl.Stats: stats, wgsl.W: gamma, wgsl.Y: factors, wgsl.DW: dw, wgsl.DB: db})
					kerneltest.Equal(t, dw, wantW, p.Tolerance)
					kerneltest.Equal(t, db, wantB, p.Tolerance)
					dx := make([]float32, len(dy))
					run(norm.InputGradientShader(s, act, false),
						map[wgsl.Role][]float32{wgsl.X: x, wgsl.Stats: stats, wgsl.W: factors, wgsl.DY: dy, wgsl.Y: dx}, wgsl.X, wgsl.DY, wgsl.Y)
					kerneltest.Equal(t, dx, wantX, p.Tolerance)
					dx = slices.Clone(dy)
					run(norm.InputGradientShader(s, act, true), map[wgsl.Role][]float32{wgsl.X: x, wgsl.Stats: stats, wgsl.W: factors, wgsl.Y: dx}, wgsl.X, wgsl.Y)
					kerneltest.Equal(t, dx, wantX, p.Tolerance)
				})
			}
		}
	}
}

// A mean a thousand times the deviation costs no digits of the variance.
func TestStatisticsShaderFarFromZero(t *testing.T) {
	s := norm.Shape{Rows: 5000, C: 8}
	x := kerneltest.Fill(1, s.Rows*s.C)
	for i := range x {
		x[i] = 1000 + x[i]
	}
	moments := norm.NewMoments(x[:s.C])
	moments.AddRows(x)
	mean, variance := make([]float32, s.C), make([]float32, s.C)
	moments.Statistics(mean, variance, s.Rows)
	ones := []float32{1, 1, 1, 1, 1, 1, 1, 1}
	sums, stats := make([]float32, norm.Parts(s)*2*s.C), make([]float32, 4*s.C)
	kerneltest.Trained(t, []wgsl.Kernel{norm.MomentsShader(s)}, map[wgsl.Role][]float32{wgsl.X: x, wgsl.Y: sums}, false, s.C)
	kerneltest.Trained(t, []wgsl.Kernel{norm.StatisticsShader(s, 1e-5, .1)},
		map[wgsl.Role][]float32{wgsl.X: sums, wgsl.W: ones, wgsl.B: make([]float32, s.C), wgsl.Running: make([]float32, 2*s.C), wgsl.Stats: stats}, false, s.C)
	kerneltest.Equal(t, stats[2*s.C:3*s.C], mean, 1e-6)
	kerneltest.Equal(t, stats[3*s.C:], variance, 1e-4)
}

func TestFixedShader(t *testing.T) {
	const c = 6
	running, gamma, beta := kerneltest.Fill(1, 2*c), kerneltest.Fill(2, c), kerneltest.Fill(3, c)
	for i := c; i < 2*c; i++ {
		running[i] += 1.5
	}
	x, want, got := kerneltest.Fill(4, 3*c), make([]float32, 3*c), make([]float32, 3*c)
	scale, shift := make([]float32, c), make([]float32, c)
	for i := range c {
		scale[i] = gamma[i] / float32(math.Sqrt(float64(running[c+i])+1e-5))
		shift[i] = beta[i] - running[i]*scale[i]
	}
	norm.Ref(want, x, scale, shift, norm.Shape{Rows: 3, C: c}, activation.None)
	stats := make([]float32, 4*c)
	kerneltest.Trained(t, []wgsl.Kernel{norm.FixedShader(c, 1e-5)}, map[wgsl.Role][]float32{wgsl.Running: running, wgsl.W: gamma, wgsl.B: beta, wgsl.Stats: stats}, false, c)
	kerneltest.Trained(t, []wgsl.Kernel{norm.ApplyShader(norm.Shape{Rows: 3, C: c}, activation.None, 1, false, false)},
		map[wgsl.Role][]float32{wgsl.X: x, wgsl.Stats: stats, wgsl.Y: got}, false, c)
	kerneltest.Equal(t, got, want, kerneltest.GPU)
}

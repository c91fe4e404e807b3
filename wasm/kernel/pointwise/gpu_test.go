//go:build !js

package pointwise_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Pointwise, x, w, b, gate, residual []float32) []float32 {
			return r.Run(t, []wgsl.Kernel{pointwise.Shader(c.Shape, c.Act, c.Gate, c.Residual, r.Target)}, map[wgsl.Role][]float32{
				wgsl.X: x, wgsl.W: w, wgsl.B: b, wgsl.Gate: gate, wgsl.Residual: residual,
			}, 0, c.Rows*c.M)
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

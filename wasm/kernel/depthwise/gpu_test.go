//go:build !js

package depthwise_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Depthwise, x, w, b []float32) []float32 {
			return r.Run(t, []wgsl.Kernel{depthwise.Shader(c.Shape, c.Act, r.Target)}, map[wgsl.Role][]float32{
				wgsl.X: x, wgsl.W: w, wgsl.B: b,
			}, 0, c.OutH()*c.OutW()*c.C)
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

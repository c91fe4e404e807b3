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
	implementations = append(implementations, implementation{name: "wgsl", tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Depthwise, x, w, b []float32) []float32 {
		return kerneltest.RunWGSL(t, []wgsl.Kernel{depthwise.Shader(c.Shape, c.Act)}, map[wgsl.Role][]float32{
			wgsl.X: x, wgsl.W: w, wgsl.B: b,
		}, 0, c.OutH()*c.OutW()*c.C)
	}})
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

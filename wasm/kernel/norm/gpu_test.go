//go:build !js

package norm_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Norm, x, scale, shift []float32) []float32 {
			return r.Run(t, []wgsl.Kernel{norm.Shader(norm.Shape{Rows: r.Target.Pictures * c.Rows, C: c.C}, c.Act)}, map[wgsl.Role][]float32{
				wgsl.X: x, wgsl.W: scale, wgsl.B: shift,
			}, 0, c.Rows*c.C)
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

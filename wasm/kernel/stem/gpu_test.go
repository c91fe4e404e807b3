//go:build !js

package stem_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Stem, x, w, b []float32) []float32 {
			return r.Run(t, []wgsl.Kernel{stem.Shader(c.Shape, c.Act, r.Target)}, map[wgsl.Role][]float32{
				wgsl.X: x, wgsl.W: w, wgsl.B: b,
			}, 0, c.OutH()*c.OutW()*c.M)
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

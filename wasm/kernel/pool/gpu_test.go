//go:build !js

package pool_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Pool, x []float32) []float32 {
			return r.Run(t, []wgsl.Kernel{pool.Shader(c.Shape, r.Target)}, map[wgsl.Role][]float32{
				wgsl.X: x,
			}, 0, c.Kind.Out(c.C))
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

//go:build !js

package squeeze_test

import (
	"os"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/wgsl"
)

func init() {
	for _, r := range kerneltest.Runners {
		implementations = append(implementations, implementation{name: r.Name, tolerance: kerneltest.GPU, run: func(t *testing.T, c kerneltest.Squeeze, x, w1, b1, w2, b2 []float32) []float32 {
			return r.Run(t, squeeze.Shaders(c.Shape, r.Target), map[wgsl.Role][]float32{
				wgsl.X: x, wgsl.W: w1, wgsl.B: b1, wgsl.W2: w2, wgsl.B2: b2,
			}, squeeze.Scratch(c.Shape, r.Target), c.C)
		}})
	}
}

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

//go:build !js

package pool_test

import (
	"fmt"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/wgsl"
)

// The gradient of two pictures at a time. Halves of 1/8 are exact in half
// precision, and many pixels share a maximum.
func TestGradientShader(t *testing.T) {
	const pictures = 2
	for _, c := range kerneltest.PoolCases {
		for _, p := range kerneltest.Precisions {
			t.Run(fmt.Sprintf("%v,half %v", c, p.Half), func(t *testing.T) {
				s, target := c.Shape, wgsl.Target{Pictures: pictures}
				n, m := s.Pixels*s.C, s.Kind.Out(s.C)
				x, dy := kerneltest.Fill(1, pictures*n), kerneltest.Fill(2, pictures*m)
				for i, v := range x {
					x[i] = float32(int(8*v)) / 8
				}
				want, got := make([]float32, len(x)), make([]float32, len(x))
				for i := range pictures {
					pool.Backward(want[i*n:(i+1)*n], x[i*n:(i+1)*n], dy[i*m:(i+1)*m], s)
				}
				kerneltest.Trained(t, []wgsl.Kernel{pool.GradientShader(s, target)},
					map[wgsl.Role][]float32{wgsl.X: x, wgsl.DY: dy, wgsl.Y: got}, p.Half, s.C, wgsl.X, wgsl.Y)
				kerneltest.Equal(t, got, want, p.Tolerance)
			})
		}
	}
}

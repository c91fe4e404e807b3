package depthwise_test

import (
	"fmt"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
)

// B3's layers at 224 pixels, one of each shape.
var b3 = []depthwise.Shape{
	{H: 112, W: 112, C: 40, K: 3, Stride: 1}, {H: 112, W: 112, C: 24, K: 3, Stride: 1},
	{H: 112, W: 112, C: 144, K: 3, Stride: 2}, {H: 56, W: 56, C: 192, K: 3, Stride: 1},
	{H: 56, W: 56, C: 192, K: 5, Stride: 2}, {H: 28, W: 28, C: 288, K: 5, Stride: 1},
	{H: 28, W: 28, C: 288, K: 3, Stride: 2}, {H: 14, W: 14, C: 576, K: 3, Stride: 1},
	{H: 14, W: 14, C: 576, K: 5, Stride: 1}, {H: 14, W: 14, C: 816, K: 5, Stride: 1},
	{H: 14, W: 14, C: 816, K: 5, Stride: 2}, {H: 7, W: 7, C: 1392, K: 5, Stride: 1},
	{H: 7, W: 7, C: 1392, K: 3, Stride: 1}, {H: 7, W: 7, C: 2304, K: 3, Stride: 1},
}

func BenchmarkB3(b *testing.B) {
	for _, s := range b3 {
		b.Run(fmt.Sprintf("%dx%dx%d,k%d,s%d", s.H, s.W, s.C, s.K, s.Stride), func(b *testing.B) {
			x, w, bias := kerneltest.Depthwise{Shape: s}.Inputs()
			outputs := s.OutH() * s.OutW() * s.C
			y := make([]float32, outputs)
			for b.Loop() {
				depthwise.Run(y, x, w, bias, s, activation.SiLU, nil)
			}
			b.ReportMetric(2*float64(outputs*s.K*s.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

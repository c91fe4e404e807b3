package pointwise_test

import (
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
)

// B3's layers at 224 pixels, one of each shape.
var b3 = []pointwise.Shape{
	{Rows: 12544, C: 40, M: 24}, {Rows: 12544, C: 24, M: 144},
	{Rows: 3136, C: 144, M: 32}, {Rows: 3136, C: 32, M: 192}, {Rows: 3136, C: 192, M: 32},
	{Rows: 784, C: 192, M: 48}, {Rows: 784, C: 48, M: 288}, {Rows: 784, C: 288, M: 48},
	{Rows: 196, C: 288, M: 96}, {Rows: 196, C: 96, M: 576}, {Rows: 196, C: 576, M: 96},
	{Rows: 196, C: 576, M: 136}, {Rows: 196, C: 136, M: 816}, {Rows: 196, C: 816, M: 136},
	{Rows: 49, C: 816, M: 232}, {Rows: 49, C: 232, M: 1392}, {Rows: 49, C: 1392, M: 232},
	{Rows: 49, C: 1392, M: 384}, {Rows: 49, C: 384, M: 2304}, {Rows: 49, C: 2304, M: 384},
	{Rows: 49, C: 384, M: 1536},
}

func BenchmarkB3(b *testing.B) {
	for _, s := range b3 {
		b.Run(s.String(), func(b *testing.B) {
			p := pointwise.Pack(kerneltest.Fill(1, s.C*s.M), kerneltest.Fill(2, s.M), s.C, s.M)
			x, y := kerneltest.Fill(3, s.Rows*s.C), make([]float32, s.Rows*s.M)
			for b.Loop() {
				p.Run(y, x, nil, nil, s.Rows, activation.None, nil)
			}
			b.ReportMetric(2*float64(s.Rows*s.C*s.M)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkPeak(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(pointwise.PeakGFLOPS(1), "GFLOP/s")
	}
}

// A peak below what a plain loop reaches would make every share look good.
func TestPeak(t *testing.T) {
	peak := pointwise.PeakGFLOPS(1)
	t.Logf("%s: %.1f GFLOP/s on one thread", pointwise.Implementation(), peak)
	if !(peak > 0.1 && peak < 1000) {
		t.Errorf("peak is %v GFLOP/s", peak)
	}
}

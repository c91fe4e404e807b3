package pointwise_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/pointwise"
)

func TestBackwardAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, pointwise.Implementation())
	for _, c := range kerneltest.PointwiseCases {
		if c.Gate || c.Residual || c.Act != "" {
			c.Gate, c.Residual, c.Act = false, false, "" // package learn applies these; only the product has a gradient here
		}
		t.Run(c.String(), func(t *testing.T) {
			x, w, _, _, _ := c.Inputs()
			dy := kerneltest.Fill(6, c.Rows*c.M)
			wantX, wantW := make([]float32, c.Rows*c.C), kerneltest.Fill(7, c.C*c.M)
			gotX, gotW := make([]float32, c.Rows*c.C), kerneltest.Fill(7, c.C*c.M)
			pointwise.RefBackward(wantX, wantW, x, w, dy, c.Shape)
			pointwise.PackTransposed(w, c.C, c.M).Run(gotX, dy, nil, nil, c.Rows, "", nil)
			pointwise.AddWeightGradient(gotW, x, dy, c.Shape)
			kerneltest.Equal(t, gotX, wantX, kerneltest.CPU)
			kerneltest.Equal(t, gotW, wantW, kerneltest.CPU)
		})
	}
}

// The reference's gradients are the slopes of the reference itself.
func TestRefBackwardIsTheSlope(t *testing.T) {
	s := pointwise.Shape{Rows: 5, C: 7, M: 6}
	x, w, dy := kerneltest.Fill(1, s.Rows*s.C), kerneltest.Fill(2, s.C*s.M), kerneltest.Fill(3, s.Rows*s.M)
	dx, dw := make([]float32, len(x)), make([]float32, len(w))
	pointwise.RefBackward(dx, dw, x, w, dy, s)
	loss := func() float64 {
		y := make([]float32, s.Rows*s.M)
		pointwise.Ref(y, x, w, make([]float32, s.M), nil, nil, s, "")
		return kerneltest.Dot(y, dy)
	}
	kerneltest.Slope(t, "x", x, dx, loss)
	kerneltest.Slope(t, "w", w, dw, loss)
}

func BenchmarkWeightGradient(b *testing.B) {
	for _, s := range b3 {
		b.Run(s.String(), func(b *testing.B) {
			x, dy, dw := kerneltest.Fill(1, s.Rows*s.C), kerneltest.Fill(2, s.Rows*s.M), make([]float32, s.C*s.M)
			for b.Loop() {
				pointwise.AddWeightGradient(dw, x, dy, s)
			}
			b.ReportMetric(2*float64(s.Rows*s.C*s.M)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

package stem_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/stem"
)

func TestBackwardAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, stem.Implementation())
	for _, c := range kerneltest.StemCases {
		c.Act = "" // package learn applies it; only the convolution has a gradient here
		t.Run(c.String(), func(t *testing.T) {
			x, w, _ := c.Inputs()
			dy := kerneltest.Fill(9, c.OutH()*c.OutW()*c.M)
			want, got := kerneltest.Fill(10, len(w)), kerneltest.Fill(10, len(w))
			stem.RefBackward(want, x, dy, c.Shape)
			stem.AddWeightGradient(got, x, dy, c.Shape)
			kerneltest.Equal(t, got, want, kerneltest.CPU)
		})
	}
}

// The reference's gradient is the slope of the reference itself.
func TestRefBackwardIsTheSlope(t *testing.T) {
	s := stem.Shape{H: 7, W: 6, M: 5}
	x, w, dy := kerneltest.Fill(1, s.H*s.W*3), kerneltest.Fill(2, 27*s.M), kerneltest.Fill(3, s.OutH()*s.OutW()*s.M)
	dw := make([]float32, len(w))
	stem.RefBackward(dw, x, dy, s)
	kerneltest.Slope(t, "w", w, dw, func() float64 {
		y := make([]float32, len(dy))
		stem.Ref(y, x, w, make([]float32, s.M), s, "")
		return kerneltest.Dot(y, dy)
	})
}

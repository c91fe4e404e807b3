package depthwise_test

import (
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
)

func TestBackwardAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, depthwise.Implementation())
	for _, c := range kerneltest.DepthwiseCases {
		c.Act = "" // package learn applies it; only the convolution has a gradient here
		t.Run(c.String(), func(t *testing.T) {
			x, w, _ := c.Inputs()
			dy := kerneltest.Fill(14, c.OutH()*c.OutW()*c.C)
			wantX, wantW := make([]float32, len(x)), kerneltest.Fill(15, len(w))
			gotX, gotW := make([]float32, len(x)), kerneltest.Fill(15, len(w))
			depthwise.RefBackward(wantX, wantW, x, w, dy, c.Shape)
			depthwise.InputGradient(gotX, dy, w, c.Shape, nil)
			depthwise.AddWeightGradient(nil, gotW, x, dy, c.Shape)
			kerneltest.Equal(t, gotX, wantX, kerneltest.CPU)
			kerneltest.Equal(t, gotW, wantW, kerneltest.CPU)
		})
	}
}

// A prologue is a batch-norm and an activation before the convolution: forward and
// for the weights' gradient.
func TestPrologue(t *testing.T) {
	kerneltest.AssertWidth(t, depthwise.Implementation())
	for _, c := range kerneltest.DepthwiseCases {
		for _, act := range []activation.Kind{activation.None, activation.SiLU} {
			t.Run(c.String()+","+string(act), func(t *testing.T) {
				raw, w, b := c.Inputs()
				before := &depthwise.Prologue{Scale: kerneltest.Fill(16, c.C), Shift: kerneltest.Fill(17, c.C), Act: act}
				x := make([]float32, len(raw))
				norm.Ref(x, raw, before.Scale, before.Shift, norm.Shape{Rows: c.H * c.W, C: c.C}, act)
				n := c.OutH() * c.OutW() * c.C
				want, got, dy := make([]float32, n), make([]float32, n), kerneltest.Fill(14, n)
				depthwise.Ref(want, x, w, b, c.Shape, c.Act)
				depthwise.RunAfter(before, got, raw, w, b, c.Shape, c.Act, nil)
				kerneltest.Equal(t, got, want, kerneltest.CPU)
				wantW, gotW := make([]float32, len(w)), make([]float32, len(w))
				depthwise.RefBackward(nil, wantW, x, w, dy, c.Shape)
				depthwise.AddWeightGradient(before, gotW, raw, dy, c.Shape)
				kerneltest.Equal(t, gotW, wantW, kerneltest.CPU)
			})
		}
	}
}

// The reference's gradients are the slopes of the reference itself.
func TestRefBackwardIsTheSlope(t *testing.T) {
	for _, s := range []depthwise.Shape{{H: 5, W: 4, C: 3, K: 3, Stride: 1}, {H: 6, W: 7, C: 2, K: 5, Stride: 2}} {
		x, w, dy := kerneltest.Fill(1, s.H*s.W*s.C), kerneltest.Fill(2, s.K*s.K*s.C), kerneltest.Fill(3, s.OutH()*s.OutW()*s.C)
		dx, dw := make([]float32, len(x)), make([]float32, len(w))
		depthwise.RefBackward(dx, dw, x, w, dy, s)
		loss := func() float64 {
			y := make([]float32, len(dy))
			depthwise.Ref(y, x, w, make([]float32, s.C), s, "")
			return kerneltest.Dot(y, dy)
		}
		kerneltest.Slope(t, "x", x, dx, loss)
		kerneltest.Slope(t, "w", w, dw, loss)
	}
}

func BenchmarkBackward(b *testing.B) {
	for _, s := range []depthwise.Shape{{H: 112, W: 112, C: 144, K: 3, Stride: 2}, {H: 56, W: 56, C: 192, K: 3, Stride: 1}, {H: 14, W: 14, C: 816, K: 5, Stride: 1}} {
		x, w, dy := kerneltest.Fill(1, s.H*s.W*s.C), kerneltest.Fill(2, s.K*s.K*s.C), kerneltest.Fill(3, s.OutH()*s.OutW()*s.C)
		dx, dw := make([]float32, len(x)), make([]float32, len(w))
		for name, run := range map[string]func(){
			"input":  func() { depthwise.InputGradient(dx, dy, w, s, nil) },
			"weight": func() { depthwise.AddWeightGradient(nil, dw, x, dy, s) },
		} {
			b.Run(kerneltest.Depthwise{Shape: s}.String()+","+name, func(b *testing.B) {
				for b.Loop() {
					run()
				}
				b.ReportMetric(2*float64(len(dy)*s.K*s.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

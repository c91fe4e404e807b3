package depthwise_test

import (
	"testing"

	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/parallel"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Depthwise, x, w, b []float32) []float32
}

var implementations = []implementation{
	{name: depthwise.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Depthwise, x, w, b []float32) []float32 {
		y := make([]float32, c.OutH()*c.OutW()*c.C)
		depthwise.Run(y, x, w, b, c.Shape, c.Act, nil)
		return y
	}},
	{name: depthwise.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Depthwise, x, w, b []float32) []float32 {
		y, threads := make([]float32, c.OutH()*c.OutW()*c.C), parallel.New(3)
		defer threads.Close()
		depthwise.Run(y, x, w, b, c.Shape, c.Act, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, depthwise.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.DepthwiseCases {
				t.Run(c.String(), func(t *testing.T) {
					x, w, b := c.Inputs()
					want := make([]float32, c.OutH()*c.OutW()*c.C)
					depthwise.Ref(want, x, w, b, c.Shape, c.Act)
					kerneltest.Equal(t, impl.run(t, c, x, w, b), want, impl.tolerance)
				})
			}
		})
	}
}

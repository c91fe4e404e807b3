package pointwise_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pointwise"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Pointwise, x, w, b, gate, residual []float32) []float32
}

var implementations = []implementation{
	{name: pointwise.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Pointwise, x, w, b, gate, residual []float32) []float32 {
		y := make([]float32, c.Rows*c.M)
		pointwise.Pack(w, b, c.C, c.M).Run(y, x, gate, residual, c.Rows, c.Act, nil)
		return y
	}},
	{name: pointwise.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Pointwise, x, w, b, gate, residual []float32) []float32 {
		y, threads := make([]float32, c.Rows*c.M), parallel.New(3)
		defer threads.Close()
		pointwise.Pack(w, b, c.C, c.M).Run(y, x, gate, residual, c.Rows, c.Act, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, pointwise.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.PointwiseCases {
				t.Run(c.String(), func(t *testing.T) {
					x, w, b, gate, residual := c.Inputs()
					want := make([]float32, c.Rows*c.M)
					pointwise.Ref(want, x, w, b, gate, residual, c.Shape, c.Act)
					kerneltest.Equal(t, impl.run(t, c, x, w, b, gate, residual), want, impl.tolerance)
				})
			}
		})
	}
}

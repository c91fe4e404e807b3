package squeeze_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/squeeze"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Squeeze, x, w1, b1, w2, b2 []float32) []float32
}

var implementations = []implementation{
	{name: squeeze.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Squeeze, x, w1, b1, w2, b2 []float32) []float32 {
		y := make([]float32, c.C)
		squeeze.Run(y, x, w1, b1, w2, b2, c.Shape, nil)
		return y
	}},
	{name: squeeze.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Squeeze, x, w1, b1, w2, b2 []float32) []float32 {
		y, threads := make([]float32, c.C), parallel.New(3)
		defer threads.Close()
		squeeze.Run(y, x, w1, b1, w2, b2, c.Shape, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, squeeze.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.SqueezeCases {
				t.Run(c.String(), func(t *testing.T) {
					x, w1, b1, w2, b2 := c.Inputs()
					want := make([]float32, c.C)
					squeeze.Ref(want, x, w1, b1, w2, b2, c.Shape)
					kerneltest.Equal(t, impl.run(t, c, x, w1, b1, w2, b2), want, impl.tolerance)
				})
			}
		})
	}
}

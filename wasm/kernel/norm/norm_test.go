package norm_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/parallel"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Norm, x, scale, shift []float32) []float32
}

var implementations = []implementation{
	{name: norm.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Norm, x, scale, shift []float32) []float32 {
		y := make([]float32, c.Rows*c.C)
		norm.Run(y, x, scale, shift, c.Shape, c.Act, nil)
		return y
	}},
	{name: norm.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Norm, x, scale, shift []float32) []float32 {
		y, threads := make([]float32, c.Rows*c.C), parallel.New(3)
		defer threads.Close()
		norm.Run(y, x, scale, shift, c.Shape, c.Act, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, norm.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.NormCases {
				t.Run(c.String(), func(t *testing.T) {
					x, scale, shift := c.Inputs()
					want := make([]float32, c.Rows*c.C)
					norm.Ref(want, x, scale, shift, c.Shape, c.Act)
					kerneltest.Equal(t, impl.run(t, c, x, scale, shift), want, impl.tolerance)
				})
			}
		})
	}
}

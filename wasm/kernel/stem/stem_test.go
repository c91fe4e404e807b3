package stem_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/stem"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Stem, x, w, b []float32) []float32
}

var implementations = []implementation{
	{name: stem.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Stem, x, w, b []float32) []float32 {
		y := make([]float32, c.OutH()*c.OutW()*c.M)
		stem.Run(y, x, w, b, c.Shape, c.Act, nil)
		return y
	}},
	{name: stem.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Stem, x, w, b []float32) []float32 {
		y, threads := make([]float32, c.OutH()*c.OutW()*c.M), parallel.New(3)
		defer threads.Close()
		stem.Run(y, x, w, b, c.Shape, c.Act, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, stem.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.StemCases {
				t.Run(c.String(), func(t *testing.T) {
					x, w, b := c.Inputs()
					want := make([]float32, c.OutH()*c.OutW()*c.M)
					stem.Ref(want, x, w, b, c.Shape, c.Act)
					kerneltest.Equal(t, impl.run(t, c, x, w, b), want, impl.tolerance)
				})
			}
		})
	}
}

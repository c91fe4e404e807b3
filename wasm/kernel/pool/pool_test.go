package pool_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pool"
)

// implementation is one way to compute the layer; files of this package with a
// build tag of their own append theirs to implementations.
type implementation struct {
	name      string
	tolerance float64
	run       func(t *testing.T, c kerneltest.Pool, x []float32) []float32
}

var implementations = []implementation{
	{name: pool.Implementation(), tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Pool, x []float32) []float32 {
		y := make([]float32, c.Kind.Out(c.C))
		pool.Run(y, x, c.Shape, nil)
		return y
	}},
	{name: pool.Implementation() + ", 3 threads", tolerance: kerneltest.CPU, run: func(t *testing.T, c kerneltest.Pool, x []float32) []float32 {
		y, threads := make([]float32, c.Kind.Out(c.C)), parallel.New(3)
		defer threads.Close()
		pool.Run(y, x, c.Shape, threads)
		return y
	}},
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, pool.Implementation())
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range kerneltest.PoolCases {
				t.Run(c.String(), func(t *testing.T) {
					x := c.Inputs()
					want := make([]float32, c.Kind.Out(c.C))
					pool.Ref(want, x, c.Shape)
					kerneltest.Equal(t, impl.run(t, c, x), want, impl.tolerance)
				})
			}
		})
	}
}

package adapt

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"blastlens/wasm/kernel/kerneltest"
)

func TestSgemm(t *testing.T) {
	for _, c := range []struct {
		tA, tB      blas.Transpose
		m, n, k     int
		gap         int // values between the rows of A and B
		alpha, beta float32
	}{
		{blas.NoTrans, blas.NoTrans, 64, 64, 65, 0, 1, 0},
		{blas.NoTrans, blas.Trans, 33, 130, 47, 0, 1, 0},
		{blas.Trans, blas.NoTrans, 130, 33, 47, 0, 1, 0},
		{blas.Trans, blas.Trans, 31, 37, 41, 0, 1, 0},
		{blas.Trans, blas.NoTrans, 31, 37, 41, 5, 1, 0},
		{blas.NoTrans, blas.Trans, 31, 37, 41, 5, 1, 0},
		{blas.NoTrans, blas.NoTrans, 31, 37, 41, 5, 2, .5},
		{blas.NoTrans, blas.NoTrans, 2, 3, 4, 0, 1, 0},
	} {
		t.Run(fmt.Sprintf("%c%c,%dx%dx%d,gap%d,%g,%g", c.tA, c.tB, c.m, c.n, c.k, c.gap, c.alpha, c.beta), func(t *testing.T) {
			lda, ldb := c.k+c.gap, c.n+c.gap
			if c.tA == blas.Trans {
				lda = c.m + c.gap
			}
			if c.tB == blas.Trans {
				ldb = c.k + c.gap
			}
			a, b := kerneltest.Fill(1, lda*max(c.m, c.k)), kerneltest.Fill(2, ldb*max(c.n, c.k))
			got, want := kerneltest.Fill(3, c.m*c.n), kerneltest.Fill(3, c.m*c.n)
			if c.beta == 0 { // what stood there must not matter
				got[0] = float32(math.NaN())
			}
			kernels{}.Sgemm(c.tA, c.tB, c.m, c.n, c.k, c.alpha, a, lda, b, ldb, c.beta, got, c.n)
			gonum.Implementation{}.Sgemm(c.tA, c.tB, c.m, c.n, c.k, c.alpha, a, lda, b, ldb, c.beta, want, c.n)
			kerneltest.Equal(t, got, want, 1e-5)
		})
	}
}

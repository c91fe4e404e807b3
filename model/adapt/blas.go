package adapt

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/tensor"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/pointwise"
)

// kernels is gonum's BLAS with its single-precision matrix product computed by
// the network's own kernel where that has vectors. gorgonia spends three
// quarters of a head's training in that product.
type kernels struct{ gonum.Implementation }

var threads = parallel.New(0)

func init() {
	tensor.Use(kernels{})
	blas32.Use(kernels{})
}

// smallest product, in multiplications, that is worth packing.
const smallest = 1 << 15

// Sgemm is C [m,n] = alpha*op(A)*op(B) + beta*C, matrices row by row; op(A) is
// [m,k] and op(B) is [k,n].
func (g kernels) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if lanes.Bits() == 0 || m*n*k < smallest || alpha != 1 || beta != 0 || ldc != n {
		g.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	rows, columns := plain(tA, a, m, k, lda), plain(tB, b, k, n, ldb)
	pointwise.Pack(columns, make([]float32, n), k, n).Run(c, rows, nil, nil, m, activation.None, threads)
}

// plain is op(a) [rows,columns] without gaps between its rows; a itself where
// it is so already.
func plain(t blas.Transpose, a []float32, rows, columns, stride int) []float32 {
	if t == blas.NoTrans && stride == columns {
		return a[:rows*columns]
	}
	out := make([]float32, rows*columns)
	for r := range rows {
		to := out[r*columns : (r+1)*columns]
		if t == blas.NoTrans {
			copy(to, a[r*stride:])
			continue
		}
		for c := range to {
			to[c] = a[c*stride+r]
		}
	}
	return out
}

package norm_test

import (
	"fmt"
	"math"
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
)

const eps = 1e-5

var trainingShapes = []norm.Shape{{Rows: 5, C: 1}, {Rows: 4, C: 17}, {Rows: 49, C: 58}, {Rows: 130, C: 24}, {Rows: 391, C: 144}}

// inputs have a mean far from zero in some channels: the sums must not lose the variance in it.
func inputs(s norm.Shape) (x, gamma, beta, dy []float32) {
	x = kerneltest.Fill(1, s.Rows*s.C)
	for i := range x {
		x[i] = x[i]*float32(1+i%s.C%3) + 20*float32(i%s.C%5)
	}
	gamma, beta = kerneltest.Fill(2, s.C), kerneltest.Fill(3, s.C)
	return x, gamma, beta, kerneltest.Fill(4, s.Rows*s.C)
}

func TestTrainingAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, norm.Implementation())
	for _, s := range trainingShapes {
		for _, parts := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%dx%d in %d", s.Rows, s.C, parts), func(t *testing.T) {
				x, gamma, beta, dy := inputs(s)
				n := s.Rows * s.C
				wantY, wantX, wantGamma, wantBeta := make([]float32, n), make([]float32, n), make([]float32, s.C), make([]float32, s.C)
				norm.RefTraining(wantY, wantX, wantGamma, wantBeta, x, gamma, beta, dy, eps, s)

				cut := func(p int) (int, int) { return s.Rows * p / parts * s.C, s.Rows * (p + 1) / parts * s.C }
				moments := norm.NewMoments(x[:s.C])
				for p := range parts {
					part := norm.NewMoments(x[:s.C])
					lo, hi := cut(p)
					part.AddRows(x[lo:hi])
					moments.Add(part)
				}
				mean, variance := make([]float32, s.C), make([]float32, s.C)
				moments.Statistics(mean, variance, s.Rows)
				scale, shift := make([]float32, s.C), make([]float32, s.C)
				for c := range s.C {
					scale[c] = gamma[c] / float32(math.Sqrt(float64(variance[c])+eps))
					shift[c] = beta[c] - mean[c]*scale[c]
				}
				y := make([]float32, n)
				norm.Run(y, x, scale, shift, s, "", nil)
				kerneltest.Equal(t, y, wantY, kerneltest.CPU)

				slopes := norm.NewSlopes(s.C)
				for p := range parts {
					part := norm.NewSlopes(s.C)
					lo, hi := cut(p)
					part.AddRows(dy[lo:hi], x[lo:hi], mean)
					slopes.Add(part)
				}
				dgamma, dbeta := make([]float32, s.C), make([]float32, s.C)
				for c := range s.C {
					dgamma[c] = float32(slopes.Products[c] / math.Sqrt(float64(variance[c])+eps))
					dbeta[c] = float32(slopes.Sum[c])
				}
				norm.NewBackward(slopes, gamma, mean, variance, eps, s.Rows).Run(dy, x)
				kerneltest.Equal(t, dgamma, wantGamma, kerneltest.CPU)
				kerneltest.Equal(t, dbeta, wantBeta, kerneltest.CPU)
				kerneltest.Equal(t, dy, wantX, kerneltest.CPU)
			})
		}
	}
}

// The reference's gradients are the slopes of the reference itself.
func TestRefTrainingIsTheSlope(t *testing.T) {
	s := norm.Shape{Rows: 9, C: 4}
	n := s.Rows * s.C
	x, gamma, beta, dy := kerneltest.Fill(1, n), kerneltest.Fill(2, s.C), kerneltest.Fill(3, s.C), kerneltest.Fill(4, n)
	dx, dgamma, dbeta := make([]float32, n), make([]float32, s.C), make([]float32, s.C)
	norm.RefTraining(make([]float32, n), dx, dgamma, dbeta, x, gamma, beta, dy, eps, s)
	loss := func() float64 {
		y := make([]float32, n)
		norm.RefTraining(y, make([]float32, n), make([]float32, s.C), make([]float32, s.C), x, gamma, beta, dy, eps, s)
		return kerneltest.Dot(y, dy)
	}
	kerneltest.Slope(t, "x", x, dx, loss)
	kerneltest.Slope(t, "gamma", gamma, dgamma, loss)
	kerneltest.Slope(t, "beta", beta, dbeta, loss)
}

// Package adapt trains the head alone, on features that a frozen body computed
// once, by gorgonia's automatic differentiation. A head learns in seconds to
// minutes, on any machine, from a laboratory's own pictures.
package adapt

import (
	"fmt"
	"math"
)

// Epsilon is the batch-norms' epsilon, as in timm and PyTorch.
const Epsilon = 1e-5

// Features are what the body made of the pictures: [Rows, Width], row by row.
type Features struct {
	Rows, Width int
	Data        []float32
}

// Row is the features of one picture.
func (f Features) Row(i int) []float32 { return f.Data[i*f.Width : (i+1)*f.Width] }

// averages are the second half of each row: fastai's pool puts the maxima first.
func (f Features) averages() Features {
	a := Features{Rows: f.Rows, Width: f.Width / 2, Data: make([]float32, 0, f.Rows*f.Width/2)}
	for i := range f.Rows {
		a.Data = append(a.Data, f.Row(i)[f.Width-a.Width:]...)
	}
	return a
}

// statistics are mean and variance of each column over the given rows.
func (f Features) statistics(rows []int) (mean, variance []float32) {
	sum, squares := make([]float64, f.Width), make([]float64, f.Width)
	for _, i := range rows {
		for c, v := range f.Row(i) {
			sum[c] += float64(v)
		}
	}
	for c := range sum {
		sum[c] /= float64(len(rows))
	}
	for _, i := range rows {
		for c, v := range f.Row(i) {
			d := float64(v) - sum[c]
			squares[c] += d * d
		}
	}
	mean, variance = make([]float32, f.Width), make([]float32, f.Width)
	for c := range sum {
		mean[c], variance[c] = float32(sum[c]), float32(squares[c]/float64(len(rows)))
	}
	return mean, variance
}

// standardised is (x - mean) / sqrt(variance + Epsilon) of the given rows.
func (f Features) standardised(rows []int, mean, variance []float32) Features {
	z := Features{Rows: len(rows), Width: f.Width, Data: make([]float32, len(rows)*f.Width)}
	scale := make([]float32, f.Width)
	for c, v := range variance {
		scale[c] = inverseDeviation(v)
	}
	for k, i := range rows {
		to := z.Row(k)
		for c, v := range f.Row(i) {
			to[c] = (v - mean[c]) * scale[c]
		}
	}
	return z
}

func inverseDeviation(variance float32) float32 {
	return float32(1 / math.Sqrt(float64(variance)+Epsilon))
}

func (f Features) check(labels, rows []int, classes int) error {
	if len(f.Data) != f.Rows*f.Width || len(labels) != f.Rows {
		return fmt.Errorf("adapt: features [%d %d] hold %d values and have %d labels", f.Rows, f.Width, len(f.Data), len(labels))
	}
	if len(rows) < 2 {
		return fmt.Errorf("adapt: %d pictures to train on, want at least 2", len(rows))
	}
	for _, i := range rows {
		if labels[i] < 0 || labels[i] >= classes {
			return fmt.Errorf("adapt: picture %d has label %d of %d classes", i, labels[i], classes)
		}
	}
	return nil
}

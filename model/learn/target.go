package learn

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Targets writes the rows of target [len(labels), classes]: 1-smoothing at the
// label and smoothing shared by all, times the label's class weight (nil for 1).
func Targets(target []float32, labels []int, classes int, smoothing float64, weights []float64) {
	for i, label := range labels {
		row := target[i*classes : (i+1)*classes]
		w := 1.0
		if weights != nil {
			w = weights[label]
		}
		for c := range row {
			row[c] = float32(w * smoothing / float64(classes))
		}
		row[label] += float32(w * (1 - smoothing))
	}
}

// ClassWeights are inverse to each class's share of labels, 1 on average over them.
func ClassWeights(labels []int, classes int) []float64 {
	counts := make([]float64, classes)
	for _, l := range labels {
		counts[l]++
	}
	weights := make([]float64, classes)
	for c, n := range counts {
		if n > 0 {
			weights[c] = float64(len(labels)) / (float64(classes) * n)
		}
	}
	return weights
}

// Mixup (Zhang et al. 2018) replaces each picture and target by a mixture with
// another one of the batch; as in fastai, a share of its own for each picture,
// and the larger one for the picture itself.
func Mixup(x, target []float32, size int, alpha float64, chance *rand.Rand) {
	other := chance.Perm(size)
	share := make([]float32, size)
	for i := range share {
		a, b := gamma(alpha, chance), gamma(alpha, chance)
		s := a / (a + b)
		share[i] = float32(max(s, 1-s))
	}
	mix := func(v []float32) {
		n := len(v) / size
		was := append([]float32(nil), v...)
		for i := range size {
			to, from := v[i*n:(i+1)*n], was[other[i]*n:(other[i]+1)*n]
			for k := range to {
				to[k] = share[i]*to[k] + (1-share[i])*from[k]
			}
		}
	}
	mix(x)
	mix(target)
}

// gamma draws from a gamma distribution of shape alpha (Marsaglia and Tsang
// 2000); two of them make a beta distribution.
func gamma(alpha float64, chance *rand.Rand) float64 {
	return distuv.Gamma{Alpha: alpha, Beta: 1, Src: chance}.Rand()
}

package learn

import "math"

// CrossEntropy is the mean over size pictures of -sum(target*log softmax(logits)),
// a weight a picture's row of target [size, classes] included in its sum: labels
// may be smoothed, mixed or weighted. It sets dlogits to its gradient.
func CrossEntropy(dlogits, logits, target []float32, size int) float64 {
	classes := len(logits) / size
	total := 0.0
	for i := range size {
		row, want, d := logits[i*classes:][:classes], target[i*classes:][:classes], dlogits[i*classes:][:classes]
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v))
		}
		sum, mass := 0.0, 0.0
		for c, v := range row {
			sum += math.Exp(float64(v) - top)
			mass += float64(want[c])
		}
		logSum := top + math.Log(sum)
		for c, v := range row {
			p := math.Exp(float64(v) - logSum)
			total += float64(want[c]) * (logSum - float64(v))
			d[c] = float32((p*mass - float64(want[c])) / float64(size))
		}
	}
	return total / float64(size)
}

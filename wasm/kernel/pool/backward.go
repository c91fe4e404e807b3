package pool

// Backward sets dx [Pixels,C] from dy [Kind.Out(C)]: an average gives each pixel
// its share, a maximum all to the first pixel that has it, as in PyTorch.
func Backward(dx, x, dy []float32, s Shape) {
	avg := dy
	if s.Kind == MaxAvg {
		avg = dy[s.C:]
	}
	share := 1 / float32(s.Pixels)
	for p := range s.Pixels {
		for c, d := range avg[:s.C] {
			dx[p*s.C+c] = d * share
		}
	}
	if s.Kind != MaxAvg {
		return
	}
	for c, d := range dy[:s.C] {
		best := 0
		for p := 1; p < s.Pixels; p++ {
			if x[p*s.C+c] > x[best*s.C+c] {
				best = p
			}
		}
		dx[best*s.C+c] += d
	}
}

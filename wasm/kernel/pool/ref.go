package pool

// Ref is the scalar reference.
func Ref(y, x []float32, s Shape) {
	avg := y
	if s.Kind == MaxAvg {
		avg = y[s.C:]
	}
	for c := range s.C {
		sum, top := 0.0, x[c]
		for p := range s.Pixels {
			v := x[p*s.C+c]
			sum += float64(v)
			top = max(top, v)
		}
		if s.Kind == MaxAvg {
			y[c] = top
		}
		avg[c] = float32(sum / float64(s.Pixels))
	}
}

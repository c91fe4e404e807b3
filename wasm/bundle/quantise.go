package bundle

import "math"

// quantise turns w [..., channels] into 8-bit integers and a scale for each
// place of the last axis, symmetric around zero: w ≈ q*scale. Clipping the few
// largest weights of a channel can lower the error of all others, so each
// channel takes the clip that leaves the least squared error. Scales are
// float32 whose lower 16 bits are zero, which the file leaves out; the
// integers are rounded with that very scale, so nothing is lost by it.
func quantise(w []float32, channels int) (q []int8, scales []float32) {
	q, scales = make([]int8, len(w)), make([]float32, channels)
	column := make([]float32, len(w)/channels)
	for c := range channels {
		top := float32(0)
		for i := range column {
			column[i] = w[i*channels+c]
			top = max(top, float32(math.Abs(float64(column[i]))))
		}
		best := math.Inf(1)
		for _, clip := range [...]float32{1, 0.97, 0.94, 0.9, 0.86, 0.82, 0.77, 0.72} {
			scale := short(top * clip / 127)
			if sum := squaredError(column, scale, best); sum < best {
				best, scales[c] = sum, scale
			}
		}
		for i, v := range column {
			q[i*channels+c] = int8(round(v, scales[c]))
		}
	}
	return q, scales
}

// short rounds v to a float32 of 16 significant bits of storage.
func short(v float32) float32 {
	return math.Float32frombits((math.Float32bits(v) + 0x8000) &^ 0xffff)
}

// round is v in units of scale, between -127 and 127.
func round(v, scale float32) float32 {
	if scale == 0 {
		return 0
	}
	return min(max(float32(math.RoundToEven(float64(v/scale))), -127), 127)
}

// squaredError of the quantised column; it may stop once it exceeds limit.
func squaredError(column []float32, scale float32, limit float64) float64 {
	sum := 0.0
	for _, v := range column {
		d := float64(v - round(v, scale)*scale)
		if sum += d * d; sum >= limit {
			break
		}
	}
	return sum
}

// dequantise is the inverse; q holds int8.
func dequantise(q []byte, scales []float32) []float32 {
	w := make([]float32, len(q))
	for row := 0; row+len(scales) <= len(q); row += len(scales) {
		from, to := q[row:row+len(scales)], w[row:row+len(scales)]
		for c, scale := range scales {
			to[c] = float32(int8(from[c])) * scale
		}
	}
	return w
}

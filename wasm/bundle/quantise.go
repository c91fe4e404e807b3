package bundle

import "math"

// quantise turns w [rows, channels] into 8-bit integers and a scale for each
// channel, symmetric around zero: w ≈ q*scale. Clipping the few largest weights
// of a channel can lower the error of all others, so each channel takes the clip
// that leaves the least squared error. Scales are float32 whose lower 16 bits
// are zero, which the file leaves out; the integers are rounded with that very
// scale, so nothing is lost by it. Weights that were quantised before come back
// as they are: without clipping, their largest is 127 scales.
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

// quantiseRows first brings the rows to one size: w ≈ q*scale*row.
func quantiseRows(w []float32, channels int) (q []int8, scales, rows []float32) {
	even, rows := make([]float32, len(w)), make([]float32, len(w)/channels)
	for r := range rows {
		sum := 0.0
		for _, v := range w[r*channels : (r+1)*channels] {
			sum += float64(v) * float64(v)
		}
		if rows[r] = short(float32(math.Sqrt(sum / float64(channels)))); rows[r] == 0 {
			continue // the row is zero, or too small to matter
		}
		for c, v := range w[r*channels : (r+1)*channels] {
			even[r*channels+c] = v / rows[r]
		}
	}
	q, scales = quantise(even, channels)
	return q, scales, rows
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

// dequantise is quantise's inverse. The integers may be bytes of a file.
func dequantise[T int8 | byte](w []float32, q []T, scales []float32) {
	for row := 0; row+len(scales) <= len(q); row += len(scales) {
		from, to := q[row:row+len(scales)], w[row:row+len(scales)]
		for c, scale := range scales {
			to[c] = float32(int8(from[c])) * scale
		}
	}
}

// dequantiseRows is quantiseRows' inverse.
func dequantiseRows[T int8 | byte](w []float32, q []T, scales, rows []float32) {
	dequantise(w, q, scales)
	for r, scale := range rows {
		row := w[r*len(scales) : (r+1)*len(scales)]
		for c := range row {
			row[c] *= scale
		}
	}
}

package tensor

import "math"

// Crop copies the w x h pixels of p whose top left corner is (x, y); the
// rectangle must lie within p.
func Crop(p RGB8, x, y, w, h int) RGB8 {
	out := NewRGB8(w, h)
	for row := range h {
		from := 3 * ((y+row)*p.W + x)
		copy(out.Pix[3*w*row:], p.Pix[from:from+3*w])
	}
	return out
}

// CentreCrop scales p until its short side is size pixels and cuts the middle
// square. A picture that is size x size already comes back as it is.
func CentreCrop(p RGB8, size int) RGB8 {
	if p.W == size && p.H == size {
		return p
	}
	// Cutting before scaling would spare work, but the filter would lose the
	// pixels just outside the square.
	w, h := size, size
	if p.W > p.H {
		w = max(size, int(math.Round(float64(p.W)*float64(size)/float64(p.H))))
	} else {
		h = max(size, int(math.Round(float64(p.H)*float64(size)/float64(p.W))))
	}
	return Crop(Resize(p, w, h), (w-size)/2, (h-size)/2, size, size)
}

// Input makes the network's input from a picture: CentreCrop to size, then
// (value/255 - mean) / std of each channel. Returns NHWC [size,size,3].
func Input(p RGB8, size int, mean, std [3]float32) []float32 {
	p = CentreCrop(p, size)
	var table [3][256]float32
	for c := range table {
		for v := range table[c] {
			table[c][v] = (float32(v)/255 - mean[c]) / std[c]
		}
	}
	x := make([]float32, len(p.Pix))
	for i := 0; i+2 < len(x); i += 3 {
		x[i] = table[0][p.Pix[i]]
		x[i+1] = table[1][p.Pix[i+1]]
		x[i+2] = table[2][p.Pix[i+2]]
	}
	return x
}

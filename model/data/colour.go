package data

import (
	"math"

	"blastlens/wasm/tensor"
)

// Colour is all that the colour-only control sees of a picture: mean and
// standard deviation of red, green and blue, 0..255, over every pixel. It holds
// no shape; a network that does not beat it has learned the stain.
type Colour = [6]float64

// Measure computes the colour of a picture, in the order
// mean R, mean G, mean B, deviation R, deviation G, deviation B.
func Measure(rgb tensor.RGB8) Colour {
	var sum, squares [3]float64
	for at, v := range rgb.Pix {
		sum[at%3] += float64(v)
		squares[at%3] += float64(v) * float64(v)
	}
	n := float64(rgb.W * rgb.H)
	var c Colour
	for k := range 3 {
		c[k] = sum[k] / n
		c[3+k] = math.Sqrt(max(0, squares[k]/n-c[k]*c[k]))
	}
	return c
}

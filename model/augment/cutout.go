package augment

import (
	"math"
	"math/rand/v2"
	"slices"

	"blastlens/wasm/tensor"
)

// cutOut covers a square whose centre lies anywhere, so that it may reach over
// an edge (DeVries & Taylor, arXiv:1708.04552), with the picture's mean colour.
func cutOut(p tensor.RGB8, share [2]float64, r *rand.Rand) tensor.RGB8 {
	side := int(math.Round(share[1] * float64(min(p.W, p.H))))
	x, y := r.IntN(p.W)-side/2, r.IntN(p.H)-side/2
	if side == 0 {
		return p
	}
	out := tensor.RGB8{W: p.W, H: p.H, Pix: slices.Clone(p.Pix)}
	colour := meanColour(p)
	for row := max(0, y); row < min(p.H, y+side); row++ {
		for column := max(0, x); column < min(p.W, x+side); column++ {
			copy(out.Pix[3*(row*p.W+column):], colour[:])
		}
	}
	return out
}

func meanColour(p tensor.RGB8) (mean [3]uint8) {
	var sum [3]int
	for i := 0; i+2 < len(p.Pix); i += 3 {
		sum[0] += int(p.Pix[i])
		sum[1] += int(p.Pix[i+1])
		sum[2] += int(p.Pix[i+2])
	}
	for c := range mean {
		mean[c] = uint8((sum[c] + p.W*p.H/2) / (p.W * p.H))
	}
	return mean
}

package augment

import (
	"math"
	"math/rand/v2"
	"slices"

	"blastlens/wasm/tensor"
)

// barCorner is the side of the scale bar's corner, lower right, as a share of
// width and of height. The largest bars of the smears of Aria et al. (2021)
// begin at 0.86 of both; a little more takes the JPEG's ringing with them.
const barCorner = .16

// coverScaleBar lays over the corner the field above it, upside down: it looks
// like field, and joins without a step. Class and scale bar go together in some
// data sets, so a network may read the one from the other.
func coverScaleBar(p tensor.RGB8, _ [2]float64, _ *rand.Rand) tensor.RGB8 {
	left := p.W - int(math.Ceil(barCorner*float64(p.W)))
	top := p.H - int(math.Ceil(barCorner*float64(p.H)))
	out := tensor.RGB8{W: p.W, H: p.H, Pix: slices.Clone(p.Pix)}
	for y := top; y < p.H; y++ {
		mirrored := max(0, 2*top-1-y)
		copy(out.Pix[3*(y*p.W+left):3*(y+1)*p.W], p.Pix[3*(mirrored*p.W+left):])
	}
	return out
}

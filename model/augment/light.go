package augment

import (
	"math"
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// exposure is an affine change of the logit of a value (0..1): black and white
// stay, nothing clips, and several changes are one. It is how fastai changes
// brightness and contrast, with which the published network was trained.
type exposure struct{ gain, shift float64 }

var asTaken = exposure{gain: 1}

func (e exposure) then(next exposure) exposure {
	return exposure{e.gain * next.gain, e.shift*next.gain + next.shift}
}

// brighten takes middle grey to (1 - share)/2 .. (1 + share)/2.
func brighten(share [2]float64, r *rand.Rand) exposure {
	return exposure{1, logit(.5 * (1 + between(-share[1], share[1], r)))}
}

// contrast multiplies differences from middle grey by 1-share to 1/(1-share).
func contrast(share [2]float64, r *rand.Rand) exposure {
	most := -math.Log(1 - share[1])
	return exposure{gain: math.Exp(between(-most, most, r))}
}

func logit(v float64) float64 { return math.Log(v / (1 - v)) }

func (e exposure) expose(p tensor.RGB8) tensor.RGB8 {
	if e == asTaken {
		return p
	}
	var table [256]uint8
	for v := range table {
		table[v] = uint8(255/(1+math.Exp(-e.gain*logit(float64(v)/255)-e.shift)) + .5)
	}
	out := tensor.NewRGB8(p.W, p.H)
	for i, v := range p.Pix {
		out.Pix[i] = table[v]
	}
	return out
}

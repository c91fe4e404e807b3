// Package augment changes training pictures at random, as another slide, lamp
// or camera might have: a list of transforms that can be read, written down and
// switched one by one. A picture keeps its size and the caller's is never written to.
package augment

import (
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// Transform is a kind of change and how much of it.
type Transform struct {
	Kind        Kind
	Amount      [2]float64 // one number is in both; see Kind
	Probability float64    // that a picture is changed at all, 0..1
}

// List is transforms in the order of All.
type List []Transform

// Apply changes p, drawing from r. The same list, picture and state of r give
// the same result. What is returned may be p itself.
func (l List) Apply(p tensor.RGB8, r *rand.Rand) tensor.RGB8 {
	// Neighbouring geometric transforms are one matrix and neighbouring ones of
	// light one table, so that pixels are interpolated and rounded once.
	move, exposure := still, asTaken
	develop := func() {
		p = exposure.expose(move.warp(p))
		move, exposure = still, asTaken
	}
	for _, t := range l {
		if r.Float64() >= t.Probability {
			continue
		}
		switch k := t.Kind; {
		case k.geometry != nil:
			move = move.after(k.geometry(t.Amount, r, p.W == p.H))
		case k.light != nil:
			exposure = exposure.then(k.light(t.Amount, r))
		default:
			develop()
			p = k.pixels(p, t.Amount, r)
		}
	}
	develop()
	return p
}

// Apply is a list of one transform.
func (t Transform) Apply(p tensor.RGB8, r *rand.Rand) tensor.RGB8 { return List{t}.Apply(p, r) }

// Rand is the source of randomness for a picture in an epoch. It depends on
// nothing else, so workers may take pictures in any order.
func Rand(seed uint64, epoch, picture int) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed^mix(uint64(epoch))), mix(uint64(picture)^mix(seed))))
}

// mix is the finaliser of SplitMix64 (Steele et al., 2014), which gives
// neighbouring numbers unrelated values.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between draws evenly from an interval.
func between(lo, hi float64, r *rand.Rand) float64 { return lo + (hi-lo)*r.Float64() }

package augment

import (
	"math"
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// blurBits is the fixed point of the blur's weights.
const blurBits = 16

// blur is a Gaussian of a deviation from 0 to most[1] pixels.
func blur(p tensor.RGB8, most [2]float64, r *rand.Rand) tensor.RGB8 {
	return gauss(p, between(0, most[1], r))
}

// gauss filters rows, then columns; beyond its edges p is mirrored.
func gauss(p tensor.RGB8, deviation float64) tensor.RGB8 {
	weights := bell(deviation)
	if len(weights) == 1 {
		return p
	}
	across, out := tensor.NewRGB8(p.W, p.H), tensor.NewRGB8(p.W, p.H)
	stride, reach := 3*p.W, len(weights)-1
	padded := make([]uint8, 3*(p.W+2*reach))
	sums := make([]uint32, stride)
	for y := range p.H {
		row := p.Pix[stride*y : stride*(y+1)]
		copy(padded[3*reach:], row)
		for k := range reach {
			copy(padded[3*k:3*k+3], row[3*reflect(k-reach, p.W):])
			copy(padded[3*(reach+p.W+k):][:3], row[3*reflect(p.W+k, p.W):])
		}
		weigh(across.Pix[stride*y:stride*(y+1)], sums, weights, func(k int) []uint8 { return padded[3*(reach+k):] })
	}
	for y := range p.H {
		weigh(out.Pix[stride*y:stride*(y+1)], sums, weights, func(k int) []uint8 { return across.Pix[stride*reflect(y+k, p.H):] })
	}
	return out
}

// weigh makes a line from lines: the one at offset 0 by weights[0], those at
// offsets -k and k by weights[k].
func weigh(out []uint8, sums, weights []uint32, at func(offset int) []uint8) {
	middle := at(0)[:len(sums)]
	for i := range sums {
		sums[i] = weights[0]*uint32(middle[i]) + 1<<(blurBits-1)
	}
	for k, w := range weights[1:] {
		a, b := at(-k - 1)[:len(sums)], at(k + 1)[:len(sums)]
		for i := range sums {
			sums[i] += w * (uint32(a[i]) + uint32(b[i]))
		}
	}
	out = out[:len(sums)]
	for i, s := range sums {
		out[i] = uint8(s >> blurBits)
	}
}

// bell is the middle and one side of a Gaussian, out to three deviations, as
// fixed-point weights; middle + 2*side is exactly one, so that a flat field stays.
func bell(deviation float64) []uint32 {
	reach := int(math.Ceil(3 * deviation))
	values := make([]float64, reach+1)
	total := 0.0
	for k := range values {
		values[k] = 1
		if k > 0 {
			values[k] = math.Exp(-float64(k*k) / (2 * deviation * deviation))
			total += values[k]
		}
		total += values[k]
	}
	weights := make([]uint32, reach+1)
	weights[0] = 1 << blurBits
	for k := range reach {
		weights[k+1] = uint32(values[k+1]/total*(1<<blurBits) + .5)
		weights[0] -= 2 * weights[k+1]
	}
	return weights
}

package augment

import (
	"math"
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// matrix takes an offset from the middle of the new picture to the one of the
// old picture that is seen there: x' = m[0] x + m[1] y, y' = m[2] x + m[3] y.
type matrix [4]float64

var still = matrix{1, 0, 0, 1}

// after is the movement m followed by next: the newest picture's offsets pass
// through next first.
func (m matrix) after(next matrix) matrix {
	return matrix{
		m[0]*next[0] + m[1]*next[2], m[0]*next[1] + m[1]*next[3],
		m[2]*next[0] + m[3]*next[2], m[2]*next[1] + m[3]*next[3],
	}
}

func flip([2]float64, *rand.Rand, bool) matrix           { return matrix{-1, 0, 0, 1} }
func flipVertically([2]float64, *rand.Rand, bool) matrix { return matrix{1, 0, 0, -1} }

func turnRight(_ [2]float64, r *rand.Rand, square bool) matrix {
	turns := []matrix{still, {0, 1, -1, 0}, {-1, 0, 0, -1}, {0, -1, 1, 0}}
	k := r.IntN(4)
	if !square {
		k &^= 1
	}
	return turns[k]
}

func rotate(degrees [2]float64, r *rand.Rand, _ bool) matrix {
	sin, cos := math.Sincos(between(-degrees[1], degrees[1], r) * math.Pi / 180)
	return matrix{cos, sin, -sin, cos}
}

func zoom(factor [2]float64, r *rand.Rand, _ bool) matrix {
	most := math.Log(factor[1])
	shrink := math.Exp(between(-most, most, r))
	return matrix{shrink, 0, 0, shrink}
}

// Coordinates are fixed-point numbers with fractionBits after the point, of
// which the first weightBits weigh neighbouring pixels.
const (
	fractionBits = 24
	weightBits   = 8
)

func fixed(v float64) int { return int(math.Round(v * (1 << fractionBits))) }

// warp resamples p bilinearly; beyond its edges p is mirrored, so that no
// corner is black. Flips and right angles move pixels without changing them.
func (m matrix) warp(p tensor.RGB8) tensor.RGB8 {
	if m == still {
		return p
	}
	out := tensor.NewRGB8(p.W, p.H)
	midX, midY := float64(p.W-1)/2, float64(p.H-1)/2
	stepX, stepY := fixed(m[0]), fixed(m[2])
	stride := 3 * p.W
	for y := range p.H {
		v := float64(y) - midY
		fromX, fromY := fixed(v*m[1]-midX*m[0]+midX), fixed(v*m[3]-midX*m[2]+midY)
		row := out.Pix[stride*y : stride*(y+1)]
		for x := 0; x+2 < len(row); x += 3 {
			left, top := fromX>>fractionBits, fromY>>fractionBits
			right, low := left+1, top+1
			if left < 0 || right >= p.W || top < 0 || low >= p.H {
				left, right = reflect(left, p.W), reflect(right, p.W)
				top, low = reflect(top, p.H), reflect(low, p.H)
			}
			wx := fromX >> (fractionBits - weightBits) & (1<<weightBits - 1)
			wy := fromY >> (fractionBits - weightBits) & (1<<weightBits - 1)
			a, b := p.Pix[stride*top+3*left:][:3], p.Pix[stride*top+3*right:][:3]
			c, d := p.Pix[stride*low+3*left:][:3], p.Pix[stride*low+3*right:][:3]
			wd := wx * wy
			wb, wc := wx<<weightBits-wd, wy<<weightBits-wd
			wa := 1<<(2*weightBits) - wb - wc - wd
			const half = 1 << (2*weightBits - 1)
			to := row[x : x+3]
			to[0] = uint8((wa*int(a[0]) + wb*int(b[0]) + wc*int(c[0]) + wd*int(d[0]) + half) >> (2 * weightBits))
			to[1] = uint8((wa*int(a[1]) + wb*int(b[1]) + wc*int(c[1]) + wd*int(d[1]) + half) >> (2 * weightBits))
			to[2] = uint8((wa*int(a[2]) + wb*int(b[2]) + wc*int(c[2]) + wd*int(d[2]) + half) >> (2 * weightBits))
			fromX += stepX
			fromY += stepY
		}
	}
	return out
}

// reflect mirrors an index into 0..n-1; the pixels at the edges are seen twice.
func reflect(i, n int) int {
	i %= 2 * n
	if i < 0 {
		i += 2 * n
	}
	if i >= n {
		i = 2*n - 1 - i
	}
	return i
}

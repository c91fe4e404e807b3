package augment

import (
	"math"
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// stains are the absorbances of hematoxylin and eosin for red, green and blue
// (Ruifrok & Johnston, Anal Quant Cytol Histol 2001;23:291-299), of unit
// length. Smears are dyed by azures and eosin; azures absorb much as hematoxylin
// does. The third row is at right angles to both: what two stains do not explain.
var stains = func() [3][3]float64 {
	h, e := unit([3]float64{.65, .70, .29}), unit([3]float64{.07, .99, .11})
	return [3][3]float64{h, e, unit(cross(h, e))}
}()

func unit(v [3]float64) [3]float64 {
	n := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
	return [3]float64{v[0] / n, v[1] / n, v[2] / n}
}

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

// unmixing is the inverse of stains: absorbance times unmixing is the amount of
// each stain. Its columns are cross products of the rows of stains, over the determinant.
var unmixing = func() (m [3][3]float64) {
	for k := range 3 {
		column := cross(stains[(k+1)%3], stains[(k+2)%3])
		determinant := stains[k][0]*column[0] + stains[k][1]*column[1] + stains[k][2]*column[2]
		for c := range 3 {
			m[c][k] = column[c] / determinant
		}
	}
	return m
}()

// Absorbance of a value v is -ln((v+1)/256), 0 for white, at most ln 256. The
// table back has depthSteps a unit: fine enough to tell 255 from 254.
const depthSteps = 1024

var (
	absorbance = func() (table [256]float32) {
		for v := range table {
			table[v] = float32(-math.Log((float64(v) + 1) / 256))
		}
		return table
	}()
	transmitted = func() []uint8 {
		table := make([]uint8, int(math.Log(256)*depthSteps)+2)
		for i := range table {
			table[i] = uint8(max(0, math.Round(256*math.Exp(-float64(i)/depthSteps)-1)))
		}
		return table
	}()
)

// jitterStain multiplies the amounts of hematoxylin and eosin by 1-share to
// 1+share, each by its own factor; the residual stays. Background, which holds
// no stain, keeps its colour.
func jitterStain(p tensor.RGB8, share [2]float64, r *rand.Rand) tensor.RGB8 {
	factors := [3]float64{between(1-share[1], 1+share[1], r), between(1-share[1], 1+share[1], r), 1}
	return restain(p, factors)
}

// restain multiplies the amount of each of stains.
func restain(p tensor.RGB8, factors [3]float64) tensor.RGB8 {
	// Unmix, multiply and mix again are one matrix over absorbances.
	var m [3][3]float32
	for from := range 3 {
		for to := range 3 {
			sum := 0.0
			for k, f := range factors {
				sum += unmixing[from][k] * f * stains[k][to]
			}
			m[from][to] = float32(sum * depthSteps)
		}
	}
	out := tensor.NewRGB8(p.W, p.H)
	last := float32(len(transmitted) - 1)
	for i := 0; i+2 < len(p.Pix); i += 3 {
		a, b, c := absorbance[p.Pix[i]], absorbance[p.Pix[i+1]], absorbance[p.Pix[i+2]]
		out.Pix[i] = transmitted[int(min(max(a*m[0][0]+b*m[1][0]+c*m[2][0]+.5, 0), last))]
		out.Pix[i+1] = transmitted[int(min(max(a*m[0][1]+b*m[1][1]+c*m[2][1]+.5, 0), last))]
		out.Pix[i+2] = transmitted[int(min(max(a*m[0][2]+b*m[1][2]+c*m[2][2]+.5, 0), last))]
	}
	return out
}

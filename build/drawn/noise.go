package drawn

import (
	"math"
	"math/rand/v2"
)

// noise is smooth random values over the plane, 0..1: corners of the whole
// numbers get a hash, points between them are interpolated.
type noise uint64

func newNoise(r *rand.Rand) noise { return noise(r.Uint64()) }

func (n noise) corner(x, y int64) float64 {
	h := uint64(n) ^ uint64(x)*0x9e3779b97f4a7c15 ^ uint64(y)*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>31) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>29) * 0x94d049bb133111eb
	return float64((h^h>>32)>>11) / (1 << 53)
}

func (n noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int64(fx), int64(fy)
	u, v := step(0, 1, x-fx), step(0, 1, y-fy)
	top := n.corner(ix, iy)*(1-u) + n.corner(ix+1, iy)*u
	low := n.corner(ix, iy+1)*(1-u) + n.corner(ix+1, iy+1)*u
	return top*(1-v) + low*v
}

// fractal adds three octaves of the noise.
func (n noise) fractal(x, y float64) float64 {
	return (4*n.at(x, y) + 2*n.at(2*x+3.7, 2*y+1.3) + n.at(4*x+8.1, 4*y+5.9)) / 7
}

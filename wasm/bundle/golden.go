package bundle

// Hash is the integer hash behind golden weights and inputs: element i of the
// sequence that seed names. Scripts in other languages compute the same. All
// arithmetic is modulo 2^32 (the finaliser is MurmurHash3's fmix32):
//
//	h = seed + i*0x9E3779B9
//	h ^= h>>16; h *= 0x85EBCA6B; h ^= h>>13; h *= 0xC2B2AE35; h ^= h>>16
func Hash(seed, i uint32) uint32 {
	h := seed + i*0x9E3779B9
	h ^= h >> 16
	h *= 0x85EBCA6B
	h ^= h >> 13
	h *= 0xC2B2AE35
	return h ^ h>>16
}

// Uniform is Hash as a number in [-1, 1), of 24 bits, exact in float32:
// (Hash>>8) / 2^23 - 1.
func Uniform(seed, i uint32) float64 { return float64(Hash(seed, i)>>8)/(1<<23) - 1 }

// GoldenInput is the picture of the self-test, [size,size,3] in the range of a
// normalised picture (about -2 to 2.5). With g = size/16 + 2 coarse points a
// side, 16 pixels apart, and u = Uniform, channel c of pixel (y,x) is
//
//	0.25 + 1.8*bilinear(u(seed, (gy*g+gx)*3+c)) + 0.4*u(seed+1, (y*size+x)*3+c)
//
// computed in float64, interpolating along x first, and rounded to float32.
func GoldenInput(seed uint32, size int) []float32 {
	const cell = 16
	g := size/cell + 2
	pixels := make([]float32, size*size*3)
	for y := range size {
		gy, ty := y/cell, float64(y%cell)/cell
		for x := range size {
			gx, tx := x/cell, float64(x%cell)/cell
			for c := range 3 {
				at := func(gy, gx int) float64 { return Uniform(seed, uint32((gy*g+gx)*3+c)) }
				top := at(gy, gx)*(1-tx) + at(gy, gx+1)*tx
				bottom := at(gy+1, gx)*(1-tx) + at(gy+1, gx+1)*tx
				i := (y*size+x)*3 + c
				pixels[i] = float32(0.25 + 1.8*(top*(1-ty)+bottom*ty) + 0.4*Uniform(seed+1, uint32(i)))
			}
		}
	}
	return pixels
}

package tensor

import "math"

// coefficientBits is the fixed point of Resize's weights. Integers, so that
// every machine and the tab get the same bytes; 22 bits of weight and 8 of
// value fit 31.
const coefficientBits = 22

// Resize scales p to w x h pixels with a triangle filter as wide as the
// shrinking asks for (antialiased bilinear). The same size returns p itself.
func Resize(p RGB8, w, h int) RGB8 {
	if w != p.W {
		p = resizeRows(p, w)
	}
	if h != p.H {
		p = resizeColumns(p, h)
	}
	return p
}

// taps are the input pixels, from first on, that make one output pixel.
type taps struct {
	first   int
	weights []int32 // sum to 1<<coefficientBits, up to rounding
}

// triangle returns the taps of each of out pixels made from in pixels.
func triangle(in, out int) []taps {
	scale := float64(in) / float64(out)
	radius := max(scale, 1)
	all := make([]taps, out)
	for i := range all {
		centre := float64((float64(i) + 0.5) * scale)
		first := max(0, int(math.Floor(centre-radius)))
		last := min(in, int(math.Ceil(centre+radius)))
		weights := make([]float64, last-first)
		var sum float64
		for j := range weights {
			d := math.Abs(float64(first+j) + 0.5 - centre)
			weights[j] = max(0, 1-d/radius)
			sum += weights[j]
		}
		fixed := make([]int32, len(weights))
		for j, v := range weights {
			fixed[j] = int32(math.Round(v / sum * (1 << coefficientBits)))
		}
		all[i] = taps{first, fixed}
	}
	return all
}

func resizeRows(p RGB8, w int) RGB8 {
	out := NewRGB8(w, p.H)
	columns := triangle(p.W, w)
	for y := range p.H {
		src := p.Pix[3*p.W*y : 3*p.W*(y+1)]
		dst := out.Pix[3*w*y : 3*w*(y+1)]
		for x, t := range columns {
			r, g, b := int32(half), int32(half), int32(half)
			s := src[3*t.first : 3*(t.first+len(t.weights))]
			for i, c := range t.weights {
				r += c * int32(s[3*i])
				g += c * int32(s[3*i+1])
				b += c * int32(s[3*i+2])
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = clamp(r), clamp(g), clamp(b)
		}
	}
	return out
}

func resizeColumns(p RGB8, h int) RGB8 {
	out := NewRGB8(p.W, h)
	stride := 3 * p.W
	sums := make([]int32, stride)
	for y, t := range triangle(p.H, h) {
		for i := range sums {
			sums[i] = half
		}
		for k, c := range t.weights {
			for i, v := range p.Pix[stride*(t.first+k) : stride*(t.first+k+1)] {
				sums[i] += c * int32(v)
			}
		}
		for i, v := range sums {
			out.Pix[stride*y+i] = clamp(v)
		}
	}
	return out
}

const half = 1 << (coefficientBits - 1)

func clamp(v int32) uint8 { return uint8(min(max(v>>coefficientBits, 0), 255)) }

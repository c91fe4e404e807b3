package drawn

import (
	"image"
	"math"
	"math/rand/v2"
)

// density is absorbance for red, green and blue light: stains add up, and
// light falls off as exp(-density), as in a real film of cells.
type density [3]float64

func (d density) times(k float64) density { return density{d[0] * k, d[1] * k, d[2] * k} }

func mix(a, b density, t float64) density {
	return density{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// slide is a square field of absorbance, n samples wide, and the stains it was dyed with.
type slide struct {
	n                          int
	density                    []density
	red, nuclear, plasma, rose density
	pallor                     float64 // how pale the middle of a red cell is
	rim                        float64 // how dark its edge is
}

// newSlide dyes an empty slide: the balance of the two dyes, their strength and
// the colour of red cells vary from slide to slide.
func newSlide(n int, optics *rand.Rand) *slide {
	azure := optics.Float64() // 0: pink and violet, 1: blue
	strength := span{.6, 1.0}.draw(optics)
	s := &slide{n: n, density: make([]density, n*n)}
	s.red = mix(density{.22, .40, .30}, density{.55, .34, .20}, optics.Float64()).times(span{.65, 1.2}.draw(optics))
	s.nuclear = mix(density{.52, 1.22, .20}, density{.98, 1.12, .16}, azure).times(strength)
	s.plasma = mix(density{.36, .46, .07}, density{.62, .42, .05}, azure).times(strength)
	s.rose = mix(density{.12, .46, .12}, density{.30, .46, .10}, azure).times(strength)
	s.pallor = span{.4, .85}.draw(optics)
	s.rim = span{.0, .45}.draw(optics)
	return s
}

// outline is a closed curve around a centre: a circle with a few low waves and
// at most one fold.
type outline struct {
	r          float64
	amp, phase [5]float64
	stretch    float64
	tilt       float64
	fold, deep float64 // direction of the fold, its depth / r
}

func newOutline(r, waviness float64, rng *rand.Rand) outline {
	o := outline{r: r, stretch: 1 + span{-1, 1}.draw(rng)*1.6*waviness, tilt: span{0, math.Pi}.draw(rng)}
	for k := range o.amp {
		o.amp[k] = waviness * rng.NormFloat64() / float64(k+2)
		o.phase[k] = span{0, 2 * math.Pi}.draw(rng)
	}
	return o
}

// depth is how deep the point (dx, dy) from the centre lies inside the curve:
// 1 at the centre, 0 on the curve, negative outside.
func (o outline) depth(dx, dy float64) float64 {
	sin, cos := math.Sincos(o.tilt)
	u, v := (dx*cos+dy*sin)*o.stretch, (dy*cos-dx*sin)/o.stretch
	angle := math.Atan2(v, u)
	r := o.r
	for k, a := range o.amp {
		r += o.r * a * math.Cos(float64(k+2)*angle+o.phase[k])
	}
	if o.deep > 0 {
		away := math.Remainder(angle-o.fold, 2*math.Pi)
		r -= o.r * o.deep * math.Exp(-away*away/.10)
	}
	return 1 - math.Hypot(u, v)/r
}

// each calls f for the samples of the square around a disc, with their offset from its centre.
func (s *slide) each(d disc, reach float64, f func(at int, dx, dy float64)) {
	lo := func(c float64) int { return max(0, int(c-reach)) }
	hi := func(c float64) int { return min(s.n-1, int(c+reach)+1) }
	for y := lo(d.y); y <= hi(d.y); y++ {
		for x := lo(d.x); x <= hi(d.x); x++ {
			f(y*s.n+x, float64(x)-d.x, float64(y)-d.y)
		}
	}
}

func (s *slide) add(at int, d density) {
	for c := range d {
		s.density[at][c] += d[c]
	}
}

// cover replaces what lies below by d, as a thick cell hides thin ones.
func (s *slide) cover(at int, d density, by float64) {
	for c := range d {
		s.density[at][c] = s.density[at][c]*(1-by) + d[c]*by
	}
}

// step goes smoothly from 0 at lo to 1 at hi.
func step(lo, hi, x float64) float64 {
	t := min(1, max(0, (x-lo)/(hi-lo)))
	return t * t * (3 - 2*t)
}

func (s *slide) redCell(d disc, rng *rand.Rand) {
	o := newOutline(d.r, .05, rng)
	dye := s.red.times(span{.85, 1.15}.draw(rng))
	pallor := s.pallor * span{.7, 1.2}.draw(rng)
	wide := span{.45, .7}.draw(rng)
	offX, offY := d.r*.1*rng.NormFloat64(), d.r*.1*rng.NormFloat64()
	s.each(d, d.r*1.3, func(at int, dx, dy float64) {
		in := o.depth(dx, dy)
		edge := step(-.06, .10, in)
		if edge == 0 {
			return
		}
		middle := math.Hypot(dx-offX, dy-offY) / (wide * d.r)
		hollow := math.Exp(-middle * middle * middle)
		rim := s.rim * step(.34, .06, in)
		s.add(at, dye.times(edge*max(.08, 1-pallor*hollow+rim)))
	})
}

func (s *slide) platelet(d disc, rng *rand.Rand) {
	o := newOutline(d.r, .22, rng)
	grain := newNoise(rng)
	dye := mix(s.nuclear, s.rose, .35).times(span{.5, .9}.draw(rng))
	s.each(d, d.r*1.8, func(at int, dx, dy float64) {
		edge := step(-.25, .25, o.depth(dx, dy))
		s.add(at, dye.times(edge*(.45+.75*grain.at(dx/d.r*3, dy/d.r*3))))
	})
}

// smudge is a burst nucleus: a pale net without an edge.
func (s *slide) smudge(d disc, rng *rand.Rand) {
	o := newOutline(d.r, .16, rng)
	grain := newNoise(rng)
	dye := s.rose.times(span{.5, .9}.draw(rng))
	s.each(d, d.r*1.6, func(at int, dx, dy float64) {
		edge := step(-.25, .55, o.depth(dx, dy)+.25*(grain.fractal(dx/d.r*2.5, dy/d.r*2.5)-.5))
		net := grain.fractal(dx/d.r*4+9, dy/d.r*4)
		s.add(at, dye.times(edge*(.35+1.1*net*net)))
	})
}

// nucleated paints one nucleated cell: cytoplasm, vacuoles, nucleus with its
// chromatin, nucleoli. red is the radius of a red cell in samples.
func (s *slide) nucleated(d disc, m morphology, red float64, rng *rand.Rand) {
	body := newOutline(d.r, m.waviness, rng)
	share := m.nucleus.draw(rng)
	core := newOutline(d.r*share, m.waviness*1.2, rng)
	if m.cleft > 0 {
		core.fold, core.deep = span{0, 2 * math.Pi}.draw(rng), m.cleft*span{.5, 1}.draw(rng)
	}
	// The nucleus sits to one side, but inside.
	aside, way := d.r*(1-share)*span{.1, .75}.draw(rng), span{0, 2 * math.Pi}.draw(rng)
	nx, ny := aside*math.Cos(way), aside*math.Sin(way)
	chromatin := newNoise(rng)
	nuclear, plasma := s.nuclear.times(span{.82, 1.12}.draw(rng)), s.plasma.times(m.basophilia*span{.85, 1.15}.draw(rng))

	within := func(r, from, to float64) disc {
		reach, angle := r*span{from, to}.draw(rng), span{0, 2 * math.Pi}.draw(rng)
		return disc{x: reach * math.Cos(angle), y: reach * math.Sin(angle)}
	}
	var nucleoli, vacuoles []disc
	for range between(m.nucleoli, rng) {
		c := within(d.r*share, .1, .6)
		c.r = red * span{.20, .30}.draw(rng)
		nucleoli = append(nucleoli, c)
	}
	for range between(m.vacuoles, rng) {
		c := within(d.r, share*.96, .93)
		c.r = red * span{.10, .17}.draw(rng)
		vacuoles = append(vacuoles, c)
	}

	s.each(d, d.r*1.5, func(at int, dx, dy float64) {
		in := body.depth(dx, dy)
		cell := step(-.035, .05, in)
		if cell == 0 {
			return
		}
		inner := core.depth(dx-nx, dy-ny)
		// Cytoplasm: darker at its border, paler beside the nucleus.
		p := plasma.times(.75 + .5*step(.16, 0, in) - .25*step(-.16, 0, inner) + .3*(chromatin.fractal(dx/red*4, dy/red*4)-.5))
		for _, v := range vacuoles {
			p = mix(p, density{.05, .06, .03}, step(1.25, .75, math.Hypot(dx-v.x, dy-v.y)/v.r))
		}
		s.cover(at, p, cell)
		if nucleus := step(-.03, .05, inner); nucleus > 0 {
			g := chromatin.fractal(dx/(red*m.grain)+31, dy/(red*m.grain)+17)
			g += m.clumped * (step(.42, .58, g) - g)
			dark := 1 + m.contrast*(2*g-1) + .18*step(.10, .0, inner)
			k := nuclear.times(dark)
			for _, o := range nucleoli {
				away := math.Hypot(dx-nx-o.x, dy-ny-o.y) / o.r
				k = k.times(1 + .16*math.Exp(-(away-1.15)*(away-1.15)/.06))
				k = mix(k, mix(nuclear, plasma, .55).times(.62), .85*step(1.1, .7, away))
			}
			s.cover(at, k, nucleus*cell)
		}
	})
}

// develop turns absorbance into light: lamp, focus, sensor.
func (s *slide) develop(size int, optics *rand.Rand) *image.RGBA {
	bright, warmth, tint := span{.90, .985}.draw(optics), span{-.03, .03}.draw(optics), span{-.02, .02}.draw(optics)
	lamp := density{bright * (1 + warmth), bright * (1 + tint), bright * (1 - warmth)}
	slopeX, slopeY := span{-.07, .07}.draw(optics), span{-.07, .07}.draw(optics)
	vignette := span{0, .10}.draw(optics)
	haze := newNoise(optics)
	film := mix(s.rose, s.plasma, optics.Float64()).times(span{0, .12}.draw(optics))
	light := make([]density, s.n*s.n)
	for y := range s.n {
		for x := range s.n {
			u, v := 2*float64(x)/float64(s.n)-1, 2*float64(y)/float64(s.n)-1
			even := 1 + slopeX*u + slopeY*v - vignette*(u*u+v*v)/2
			veil := haze.fractal(u*1.7+5, v*1.7+5)
			for c, d := range s.density[y*s.n+x] {
				light[y*s.n+x][c] = lamp[c] * even * math.Exp(-d-film[c]*veil)
			}
		}
	}
	blur(light, s.n, float64(s.n)/224*span{.35, 1.0}.draw(optics)/2)

	grain := span{.002, .009}.draw(optics)
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			var sum density
			for j := range supersample {
				for i := range supersample {
					l := light[(y*supersample+j)*s.n+x*supersample+i]
					for c := range sum {
						sum[c] += l[c]
					}
				}
			}
			at := img.PixOffset(x, y)
			for c := range sum {
				v := sum[c]/(supersample*supersample) + grain*optics.NormFloat64()
				img.Pix[at+c] = uint8(255*min(1, max(0, v)) + .5)
			}
			img.Pix[at+3] = 255
		}
	}
	return img
}

// blur is a Gaussian of the given deviation in samples, along each axis in turn.
func blur(light []density, n int, deviation float64) {
	reach := int(math.Ceil(2.5 * deviation))
	weights := make([]float64, 2*reach+1)
	total := 0.0
	for i := range weights {
		t := float64(i-reach) / deviation
		weights[i] = math.Exp(-t * t / 2)
		total += weights[i]
	}
	line := make([]density, n)
	pass := func(start, stride int) {
		for i := range line {
			var sum density
			for k, w := range weights {
				l := light[start+min(n-1, max(0, i+k-reach))*stride]
				for c := range sum {
					sum[c] += w * l[c]
				}
			}
			line[i] = sum.times(1 / total)
		}
		for i, l := range line {
			light[start+i*stride] = l
		}
	}
	for i := range n {
		pass(i*n, 1)
	}
	for i := range n {
		pass(i, n)
	}
}

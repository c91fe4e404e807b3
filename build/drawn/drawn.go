// Package drawn paints blood smears that never existed. Everything in a field
// (cells, stain, light, focus, scale bar) is computed from a class and a seed,
// so drawings may be shipped, shown and tested with, where pictures of people
// may not. The four classes borrow the names of the real ones and differ in the
// shape of their nucleated cells only; stain, light, focus and crowding are
// drawn from a second stream of random numbers that knows nothing of the class,
// so colour alone must not give a drawing away.
package drawn

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// span is an interval from which a number is drawn evenly.
type span struct{ lo, hi float64 }

func (s span) draw(r *rand.Rand) float64 { return s.lo + (s.hi-s.lo)*r.Float64() }

// morphology is how the nucleated cells of a class look. Lengths are in radii
// of a red cell.
type morphology struct {
	name       string
	radius     span    // of the whole cell
	nucleus    span    // nucleus radius / cell radius
	count      [2]int  // cells a field, both included
	grain      float64 // size of a chromatin clump
	contrast   float64 // how far clumps stand out, 0..1
	clumped    float64 // 0: even noise, 1: sharp-edged clumps
	nucleoli   [2]int
	cleft      float64 // depth of the fold in the nucleus / its radius
	waviness   float64 // unevenness of the outlines
	vacuoles   [2]int
	basophilia float64 // how blue and dark the cytoplasm is
}

var morphologies = []morphology{
	{name: "Benign", radius: span{1.15, 1.5}, nucleus: span{.90, .95}, count: [2]int{3, 9}, grain: .42, contrast: .20, clumped: .25, waviness: .035, basophilia: .65},
	{name: "Early", radius: span{1.5, 1.9}, nucleus: span{.84, .90}, count: [2]int{3, 8}, grain: .16, contrast: .30, clumped: .15, nucleoli: [2]int{0, 1}, waviness: .06, basophilia: .85},
	{name: "Pre", radius: span{1.75, 2.25}, nucleus: span{.66, .76}, count: [2]int{3, 8}, grain: .30, contrast: .38, clumped: .6, nucleoli: [2]int{1, 2}, waviness: .07, basophilia: 1.15},
	{name: "Pro", radius: span{1.8, 2.4}, nucleus: span{.78, .86}, count: [2]int{2, 7}, grain: .13, contrast: .26, clumped: 0, nucleoli: [2]int{2, 4}, cleft: .42, waviness: .11, vacuoles: [2]int{1, 4}, basophilia: 1.0},
}

// Classes are the names that Draw knows, sorted as folders sort.
func Classes() []string {
	names := make([]string, len(morphologies))
	for i, m := range morphologies {
		names[i] = m.name
	}
	return names
}

// supersample is how many samples a pixel gets along each axis.
const supersample = 2

// redCells is how many red-cell diameters lie across a field on average: 224
// pixels with a red cell of 15, as a whole field looks when it is squeezed.
const redCells = 15

// Draw paints one field of size x size pixels. The same class, seed and size
// always give the same picture.
func Draw(class string, seed uint64, size int) (*image.RGBA, error) {
	if size < 32 || size > 4096 {
		return nil, fmt.Errorf("drawn: size %d, want 32 to 4096 pixels", size)
	}
	for i, m := range morphologies {
		if m.name == class {
			shapes := rand.New(rand.NewPCG(seed, 0x5eed0000+uint64(i)))
			optics := rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+uint64(i), 0x0971c5))
			return paint(m, shapes, optics, size), nil
		}
	}
	return nil, fmt.Errorf("drawn: class %q, want one of %v", class, Classes())
}

// Write puts the field that Draw paints into a JPEG file, whose folder it makes.
func Write(path, class string, seed uint64, size int) error {
	img, err := Draw(class, seed, size)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		return fmt.Errorf("drawn: %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// disc is a place that a cell has taken, in samples.
type disc struct{ x, y, r float64 }

func (d disc) clear(of []disc, nearness float64) bool {
	for _, o := range of {
		if math.Hypot(d.x-o.x, d.y-o.y) < (d.r+o.r)*nearness {
			return false
		}
	}
	return true
}

func paint(m morphology, shapes, optics *rand.Rand, size int) *image.RGBA {
	s := newSlide(size*supersample, optics)
	n := float64(s.n)
	red := n / (2 * redCells) * span{.88, 1.15}.draw(optics)
	// scatter finds room for a disc; beyond is how far its centre may lie
	// outside the field, in radii.
	scatter := func(r float64, taken []disc, nearness, beyond float64) (disc, bool) {
		for range 40 {
			place := span{-beyond * r, n + beyond*r}
			d := disc{x: place.draw(shapes), y: place.draw(shapes), r: r}
			if d.clear(taken, nearness) {
				return d, true
			}
		}
		return disc{}, false
	}

	var cells, ghosts, reds []disc
	for k := range between(m.count, shapes) {
		beyond := .3
		if k < m.count[0] { // these are whole: no drawing is without a cell of its class
			beyond = -1.05
		}
		if d, ok := scatter(m.radius.draw(shapes)*red, cells, .93, beyond); ok {
			cells = append(cells, d)
		}
	}
	// Smudge cells: burst nuclei, in any class.
	if optics.Float64() < .35 {
		for range 1 + optics.IntN(2) {
			if d, ok := scatter(span{1.6, 2.4}.draw(optics)*red, cells, 1.05, .3); ok {
				ghosts = append(ghosts, d)
			}
		}
	}
	crowd := span{.18, .5}.draw(optics) // share of the field that red cells cover
	wanted := int(crowd * n * n / (math.Pi * red * red))
	closest := span{.66, .92}.draw(optics)
	for range wanted {
		d, ok := scatter(red*span{.88, 1.1}.draw(shapes), reds, closest, .3)
		if ok && d.clear(cells, .96) && d.clear(ghosts, .7) {
			reds = append(reds, d)
		}
	}

	for _, d := range reds {
		s.redCell(d, shapes)
	}
	for _, d := range ghosts {
		s.smudge(d, shapes)
	}
	for range optics.IntN(9) {
		if d, ok := scatter(red*span{.2, .34}.draw(shapes), cells, 1.1, .3); ok {
			s.platelet(d, shapes)
		}
	}
	for _, d := range cells {
		s.nucleated(d, m, red, shapes)
	}
	img := s.develop(size, optics)
	if optics.Float64() < .8 {
		scaleBar(img, red/supersample, optics)
	}
	return img
}

// between draws a whole number from both ends included.
func between(ends [2]int, r *rand.Rand) int { return ends[0] + r.IntN(ends[1]-ends[0]+1) }

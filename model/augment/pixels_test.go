package augment

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"blastlens/wasm/tensor"
)

func flat(w, h int, r, g, b uint8) tensor.RGB8 {
	p := tensor.NewRGB8(w, h)
	for i := range w * h {
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = r, g, b
	}
	return p
}

// Unmixing what was mixed of known amounts gives the amounts, and white and
// black keep out of trouble.
func TestStainsAreUnmixed(t *testing.T) {
	for from := range 3 {
		for to := range 3 {
			sum, want := 0.0, 0.0
			for c := range 3 {
				sum += stains[from][c] * unmixing[c][to]
			}
			if from == to {
				want = 1
			}
			if math.Abs(sum-want) > 1e-12 {
				t.Errorf("stains x unmixing has %g at (%d, %d)", sum, from, to)
			}
		}
	}
	// coloured is light through the given amounts of hematoxylin and eosin.
	coloured := func(h, e float64) tensor.RGB8 {
		p := tensor.NewRGB8(1, 1)
		for c := range 3 {
			p.Pix[c] = uint8(math.Round(256*math.Exp(-h*stains[0][c]-e*stains[1][c]) - 1))
		}
		return p
	}
	for name, c := range map[string]struct {
		from, want tensor.RGB8
		factors    [3]float64
	}{
		"more hematoxylin":      {coloured(.8, .4), coloured(1.2, .4), [3]float64{1.5, 1, 1}},
		"less eosin":            {coloured(.8, .4), coloured(.8, .2), [3]float64{1, .5, 1}},
		"only eosin left":       {coloured(.6, .5), coloured(0, .5), [3]float64{0, 1, 1}},
		"white stays":           {flat(1, 1, 255, 255, 255), flat(1, 1, 255, 255, 255), [3]float64{3, 3, 1}},
		"black gets no blacker": {flat(1, 1, 0, 0, 0), flat(1, 1, 0, 0, 0), [3]float64{2, 2, 2}},
	} {
		if got := restain(c.from, c.factors); farthest(got, c.want) > 2 {
			t.Errorf("%s: %v, want %v", name, got.Pix, c.want.Pix)
		}
	}
}

// All values of a channel, and many mixtures, come back exactly: the tables
// lose nothing.
func TestStainJitterOfZeroIsIdentity(t *testing.T) {
	p := tensor.NewRGB8(256, 64)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range p.Pix {
		p.Pix[i] = uint8(r.Uint32())
	}
	for v := range 256 {
		p.Pix[3*v], p.Pix[3*v+1], p.Pix[3*v+2] = uint8(v), uint8(v), uint8(v)
	}
	if d := farthest(p, restain(p, [3]float64{1, 1, 1})); d > 0 {
		t.Errorf("a value changed by %d", d)
	}
}

func TestExposure(t *testing.T) {
	grey := tiny(5, 0, 64, 128, 200, 255)
	for name, c := range map[string]struct {
		e    exposure
		want []uint8
	}{
		"as taken":       {asTaken, []uint8{0, 64, 128, 200, 255}},
		"brighter":       {exposure{1, math.Log(2)}, []uint8{0, 102, 170, 224, 255}}, // v -> 2v/(1+v)
		"more contrast":  {exposure{2, 0}, []uint8{0, 26, 128, 237, 255}},            // v -> v²/(v²+(1-v)²)
		"there and back": {exposure{2, 1}.then(exposure{.5, -.5}), []uint8{0, 64, 128, 200, 255}},
	} {
		if got := values(c.e.expose(grey)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	// Middle grey bounds what light:0.2 may draw.
	for k := range 200 {
		if v := list(t, "light:0.2").Apply(tiny(1, 128), Rand(1, 0, k)).Pix[0]; v < 102 || v > 154 {
			t.Errorf("middle grey became %d, want 102 to 154", v)
		}
	}
}

// A blur of known deviation spreads a bright point as a Gaussian does, keeps
// the sum and leaves a flat field alone.
func TestBlur(t *testing.T) {
	point := tensor.NewRGB8(21, 21)
	copy(point.Pix[3*(10*21+10):], []uint8{255, 255, 255})
	for _, deviation := range []float64{.5, 1, 2} {
		out := gauss(point, deviation)
		for dx := range 3 {
			share := func(d float64) float64 { // of a Gaussian, in one pixel, by its samples
				sum := 0.0
				for k := -30.0; k <= 30; k++ {
					sum += math.Exp(-k * k / 2 / deviation / deviation)
				}
				return math.Exp(-d*d/2/deviation/deviation) / sum
			}
			want := 255 * share(0) * share(float64(dx))
			if got := float64(out.Pix[3*(10*21+10+dx)]); math.Abs(got-want) > 1.5 {
				t.Errorf("deviation %g, %d pixels beside the point: %g, want %.1f", deviation, dx, got, want)
			}
			if a, b := out.Pix[3*(10*21+10+dx)], out.Pix[3*((10-dx)*21+10)]; a != b {
				t.Errorf("deviation %g: %d to the right and %d upwards", deviation, a, b)
			}
		}
	}
	for _, size := range [][2]int{{9, 4}, {1, 1}, {2, 30}} {
		p := flat(size[0], size[1], 255, 77, 1)
		if d := farthest(p, gauss(p, 3.3)); d > 0 {
			t.Errorf("a flat field of %v changed by %d", size, d)
		}
	}
}

// What recompress returns is what another reader sees in the file.
func TestRecompress(t *testing.T) {
	p := smear(t, 5, 61) // odd: the last chroma sample covers half a block
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(img.Pix[4*i:], p.Pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	last := 0.0
	for _, quality := range []int{95, 60, 20} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		saved, err := jpeg.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		out, loss := throughJPEG(p, quality), 0.0
		for i := range p.W * p.H {
			r, g, b, _ := saved.At(i%p.W, i/p.W).RGBA()
			if got, want := out.Pix[3*i:3*i+3], []uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}; !slices.Equal(got, want) {
				t.Fatalf("quality %d, pixel %d: %v, want %v", quality, i, got, want)
			}
		}
		for i, v := range out.Pix {
			loss += math.Abs(float64(v) - float64(p.Pix[i]))
		}
		if loss <= last {
			t.Errorf("quality %d loses no more than a better one", quality)
		}
		last = loss
	}
}

// The square has its size, unless it reaches over an edge, and the mean colour.
func TestCutOut(t *testing.T) {
	p := smear(t, 6, 100)
	mean := meanColour(p)
	whole := 0
	for k := range 100 {
		out, covered := list(t, "cutout:0.2@1").Apply(p, Rand(1, 0, k)), 0
		for i := 0; i < len(p.Pix); i += 3 {
			if a, b := out.Pix[i:i+3], p.Pix[i:i+3]; !bytes.Equal(a, b) {
				if covered++; !bytes.Equal(a, mean[:]) {
					t.Fatalf("pixel %d became %v, want the mean %v", i/3, a, mean)
				}
			}
		}
		if covered > 400 || covered < 90 {
			t.Errorf("%d pixels covered, want 400, or a quarter in a corner", covered)
		}
		if covered > 380 {
			whole++
		}
	}
	if whole < 40 {
		t.Errorf("%d of 100 squares are whole", whole)
	}
}

// No drawn scale bar may be left, whatever its kind; outside of its corner the
// field stays as it is, and inside is the field above, so that both join
// without a step.
func TestScaleBarIsCovered(t *testing.T) {
	const size, corner = 224, 188
	inks := [][]uint8{{20, 20, 24}, {190, 20, 40}} // of package drawn
	bars := 0
	for seed := range uint64(16) {
		p := smear(t, seed, size)
		out := list(t, "scalebar").Apply(p, Rand(1, 0, 0))
		for i := range size * size {
			x, y := i%size, i/size
			from, ink := i, false
			if x >= corner && y >= corner {
				from = (2*corner-1-y)*size + x
			}
			for _, colour := range inks {
				ink = ink || bytes.Equal(out.Pix[3*i:3*i+3], colour)
				if bytes.Equal(p.Pix[3*i:3*i+3], colour) {
					bars++
				}
			}
			if ink || !bytes.Equal(out.Pix[3*i:3*i+3], p.Pix[3*from:3*from+3]) {
				t.Fatalf("seed %d, (%d, %d): %v, want %v and no ink", seed, x, y, out.Pix[3*i:3*i+3], p.Pix[3*from:3*from+3])
			}
		}
	}
	if bars < 300 {
		t.Errorf("%d pixels of ink in all drawings: nothing was tested", bars)
	}
}

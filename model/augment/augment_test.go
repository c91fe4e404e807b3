package augment

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"blastlens/build/drawn"
	"blastlens/wasm/tensor"
)

// smear is a drawn field of size x size pixels.
func smear(t testing.TB, seed uint64, size int) tensor.RGB8 {
	t.Helper()
	img, err := drawn.Draw("Pre", seed, size)
	if err != nil {
		t.Fatal(err)
	}
	p := tensor.NewRGB8(size, size)
	for i := range size * size {
		copy(p.Pix[3*i:3*i+3], img.Pix[4*i:])
	}
	return p
}

func list(t testing.TB, spec string) List {
	t.Helper()
	l, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// farthest is the largest difference between two pictures' values.
func farthest(a, b tensor.RGB8) int {
	most := 0
	for i, v := range a.Pix {
		most = max(most, int(v)-int(b.Pix[i]), int(b.Pix[i])-int(v))
	}
	return most
}

// An amount that means no change must change nothing, or round at most.
func TestNothingChangesNothing(t *testing.T) {
	p := smear(t, 1, 96)
	for spec, most := range map[string]int{
		"none": 0, "rotate:0": 0, "zoom:1": 0, "light:0": 0, "contrast:0": 0, "blur:0": 0, "cutout:0": 0, "stain:0": 0,
		"rotate:0,zoom:1,stain:0,light:0,contrast:0,blur:0@1,cutout:0@1": 0,
	} {
		for k := range 8 {
			if d := farthest(p, list(t, spec).Apply(p, Rand(1, 0, k))); d > most {
				t.Errorf("%s: a value changed by %d, want at most %d", spec, d, most)
			}
		}
	}
}

// Every kind, alone and together, on pictures of any shape: the size is kept,
// the original untouched, the result a function of the random numbers alone,
// and something does happen.
func TestEveryKind(t *testing.T) {
	specs := []string{"default"}
	for _, k := range All {
		specs = append(specs, k.Name+"@1")
	}
	for _, size := range [][2]int{{96, 96}, {96, 40}, {33, 70}, {7, 5}, {2, 1}, {1, 1}} {
		p := tensor.Resize(smear(t, 2, 96), size[0], size[1])
		before := slices.Clone(p.Pix)
		for _, spec := range specs {
			l := list(t, spec)
			changed := false
			for k := range 12 {
				a, b := l.Apply(p, Rand(3, 1, k)), l.Apply(p, Rand(3, 1, k))
				if a.W != p.W || a.H != p.H || len(a.Pix) != len(p.Pix) {
					t.Fatalf("%s: %d x %d became %d x %d with %d bytes", spec, p.W, p.H, a.W, a.H, len(a.Pix))
				}
				if !bytes.Equal(a.Pix, b.Pix) {
					t.Fatalf("%s: the same random numbers gave two pictures", spec)
				}
				if !bytes.Equal(p.Pix, before) {
					t.Fatalf("%s wrote to the picture it was given", spec)
				}
				changed = changed || !bytes.Equal(a.Pix, before)
			}
			if size[0] == 96 && !changed {
				t.Errorf("%s: never changed a picture of %v", spec, size)
			}
		}
	}
}

func TestProbability(t *testing.T) {
	p, l := smear(t, 3, 32), list(t, "vflip@0.3")
	n := 0
	for k := range 2000 {
		if !bytes.Equal(l.Apply(p, Rand(1, 0, k)).Pix, p.Pix) {
			n++
		}
	}
	if n < 520 || n > 680 { // 600 expected, deviation 20
		t.Errorf("vflip@0.3 turned %d of 2000 pictures", n)
	}
}

// Workers take pictures in any order; each gets its own numbers, unlike those
// of its neighbours in picture, epoch and seed.
func TestRandDependsOnItsArgumentsOnly(t *testing.T) {
	seen := map[uint64]string{}
	mean := 0.0
	for seed := range uint64(4) {
		for epoch := range 20 {
			for picture := range 50 {
				r := Rand(seed, epoch, picture)
				first := r.Uint64()
				if again := Rand(seed, epoch, picture).Uint64(); again != first {
					t.Fatal("the same arguments gave other numbers")
				}
				name := fmt.Sprint(seed, epoch, picture)
				if other, there := seen[first]; there {
					t.Errorf("%s draws as %s does", name, other)
				}
				seen[first] = name
				mean += float64(first>>11) / (1 << 53) / 4000
			}
		}
	}
	if math.Abs(mean-.5) > .02 {
		t.Errorf("first numbers have mean %.3f, want 0.5", mean)
	}
}

// Several geometric transforms are one resampling: turning there and back in
// one list must lose nothing, which two resamplings would.
func TestGeometryIsResampledOnce(t *testing.T) {
	p := smear(t, 4, 64)
	there := Transform{Kind: Kind{geometry: func([2]float64, *rand.Rand, bool) matrix { return matrix{.8, .6, -.6, .8} }}, Probability: 1}
	back := Transform{Kind: Kind{geometry: func([2]float64, *rand.Rand, bool) matrix { return matrix{.8, -.6, .6, .8} }}, Probability: 1}
	if d := farthest(p, List{there, back}.Apply(p, Rand(1, 0, 0))); d > 1 {
		t.Errorf("there and back changed a value by %d", d)
	}
}

func BenchmarkApply(b *testing.B) {
	p := smear(b, 1, 224)
	specs := []string{"default"}
	for _, k := range All {
		specs = append(specs, k.Name+"@1")
	}
	for _, spec := range specs {
		b.Run(spec, func(b *testing.B) {
			l := list(b, spec)
			for k := 0; b.Loop(); k++ {
				l.Apply(p, Rand(1, 0, k))
			}
		})
	}
}

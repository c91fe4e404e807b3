package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// Embargo is how many file numbers on each side of an evaluation block stay
// out of training: neighbours in number come from the same slide.
const Embargo = 37

// Fold is one training and the pictures that judge it, as indices into Set.Pictures.
type Fold struct {
	Train, Test []int
	Embargoed   int // pictures left out of both, for being too near to the block
	Duplicates  int // pictures left out of Test, for being byte-identical to one in Train
}

// Split is a way of cutting a set.
type Split struct {
	Kind  string // in words, for the record
	Seed  uint64
	Folds []Fold
}

// Random is fastai's RandomSplitter in kind: a seeded shuffle, the first
// valid (share, 0..1) of the pictures judge. Not stratified. Byte-identical copies of
// training pictures are dropped from the judging part.
func (s *Set) Random(seed uint64, valid float64) (Split, error) {
	n := int(float64(len(s.Pictures)) * valid)
	if n < 1 || n >= len(s.Pictures) {
		return Split{}, fmt.Errorf("data: a validation share of %g leaves %d of %d pictures to judge, want at least 1 on each side", valid, n, len(s.Pictures))
	}
	order := rand.New(rand.NewPCG(seed, 0x5b117)).Perm(len(s.Pictures))
	f := Fold{Test: slices.Clone(order[:n]), Train: slices.Clone(order[n:])}
	slices.Sort(f.Test)
	slices.Sort(f.Train)
	s.dropDuplicates(&f)
	return Split{Kind: fmt.Sprintf("random, %.0f/%.0f, seeded, not stratified", 100*(1-valid), 100*valid), Seed: seed, Folds: []Fold{f}}, nil
}

// Contiguous cuts each class into n blocks of equal length in file numbers.
// File numbers follow the slides, and no patient is named, so a block is the
// nearest thing to a patient: fold k is judged on block k of every class and
// trained on the rest, less the pictures whose number lies within embargo of
// the block. Numbers, not positions, are counted, because numbers may be missing.
// Byte-identical copies of training pictures are dropped from the block.
func (s *Set) Contiguous(n, embargo int) (Split, error) {
	lo, hi := make([]int, len(s.Classes)), make([]int, len(s.Classes))
	for i := range lo {
		lo[i], hi[i] = -1, -1
	}
	for _, p := range s.Pictures {
		if p.Number < 0 {
			return Split{}, fmt.Errorf("data: %s has no number in its name: contiguous blocks need one", p.Name)
		}
		if lo[p.Class] < 0 || p.Number < lo[p.Class] {
			lo[p.Class] = p.Number
		}
		hi[p.Class] = max(hi[p.Class], p.Number)
	}
	split := Split{Kind: fmt.Sprintf("contiguous, %d blocks a class by file number, embargo of %d numbers on each side", n, embargo)}
	for k := range n {
		var f Fold
		for i, p := range s.Pictures {
			length := hi[p.Class] - lo[p.Class] + 1
			from, to := lo[p.Class]+length*k/n, lo[p.Class]+length*(k+1)/n // block [from, to)
			switch {
			case p.Number >= from && p.Number < to:
				f.Test = append(f.Test, i)
			case p.Number >= from-embargo && p.Number < to+embargo:
				f.Embargoed++
			default:
				f.Train = append(f.Train, i)
			}
		}
		s.dropDuplicates(&f)
		present := make([]bool, len(s.Classes))
		for _, i := range f.Train {
			present[s.Pictures[i].Class] = true
		}
		if class := slices.Index(present, false); class >= 0 || len(f.Test) == 0 {
			return Split{}, fmt.Errorf("data: block %d of %d with an embargo of %d numbers leaves no picture to train on or to judge in some class: too few file numbers", k+1, n, embargo)
		}
		split.Folds = append(split.Folds, f)
	}
	return split, nil
}

func (s *Set) dropDuplicates(f *Fold) {
	trained := make(map[string]bool, len(f.Train))
	for _, i := range f.Train {
		trained[s.Pictures[i].SHA256] = true
	}
	all := len(f.Test)
	f.Test = slices.DeleteFunc(f.Test, func(i int) bool { return trained[s.Pictures[i].SHA256] })
	f.Duplicates = all - len(f.Test)
}

// Hash is the SHA-256 of a split, hex: its kind and, fold by fold, name and
// content hash of each picture in each part. Two runs with the same hash were
// trained and judged on the same pictures.
func (s *Set) Hash(split Split) string {
	h := sha256.New()
	fmt.Fprintln(h, split.Kind)
	for k, f := range split.Folds {
		s.list(h, fmt.Sprintf("%d train", k), f.Train)
		s.list(h, fmt.Sprintf("%d test", k), f.Test)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (s *Set) list(w io.Writer, part string, pictures []int) {
	for _, i := range pictures {
		fmt.Fprintln(w, part, s.Pictures[i].Name, s.Pictures[i].SHA256)
	}
}

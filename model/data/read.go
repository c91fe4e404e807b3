// Package data reads a folder of labelled pictures (a subfolder a class) and
// cuts it into training and evaluation parts. A split is only as honest as its
// groups: see Contiguous for why pictures are grouped by file number.
package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"blastlens/wasm/intake"
	"blastlens/wasm/tensor"
)

// ErrClasses is wrapped when a folder has too few classes, or a class too few pictures.
var ErrClasses = errors.New("not a folder of classes")

// Picture is one labelled file.
type Picture struct {
	Path   string // as opened
	Name   string // Class/file, with a slash on every system
	Class  int    // index into Set.Classes
	Number int    // the last digits of the file's name; -1 if it has none
	SHA256 string // of the file's bytes, hex
	Colour Colour

	Width, Height int // pixels, upright
	Fingerprint   Fingerprint
	mode          string   // colours as stored, see colourMode
	notes         []string // of intake
}

// Refusal is a file that is not a readable picture, and why.
type Refusal struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Set is a folder of labelled pictures: classes sorted by name, pictures by
// class, number and name.
type Set struct {
	Dir      string
	Classes  []string
	Pictures []Picture
	Refused  []Refusal

	beside []string // files beside the class folders
	nested []string // folders inside them, Class/folder
}

// Read decodes every file of every subfolder of dir on all cores. A file that
// is no picture is listed in Refused and left out; a folder without two
// classes, or a class left with fewer than two pictures, is an error.
// Names that begin with a dot are ignored, so are files beside the classes.
func Read(dir string) (*Set, error) {
	s, err := scan(dir)
	if err != nil {
		return nil, err
	}
	// A folder of folders that are no classes need not be decoded to be refused.
	if len(s.Classes) >= 2 {
		s.inspect()
	}
	if problems := s.problems(); len(problems) > 0 {
		err := problems[0]
		for _, r := range s.Refused {
			err = fmt.Errorf("%w; %s: %s", err, r.Name, r.Reason)
		}
		return nil, err
	}
	return s, nil
}

// problems are what keeps a set from being trained on; each wraps ErrClasses.
func (s *Set) problems() []error {
	if len(s.Classes) < 2 {
		return []error{fmt.Errorf("data: %s: %w: it has %d subfolders, want one for each of at least 2 classes", s.Dir, ErrClasses, len(s.Classes))}
	}
	var problems []error
	for class, n := range s.Counts() {
		if n < 2 {
			problems = append(problems, fmt.Errorf("data: %s: %w: class %s has %d readable pictures, want at least 2", s.Dir, ErrClasses, s.Classes[class], n))
		}
	}
	return problems
}

// scan lists classes and files, sorted, without opening any.
func scan(dir string) (*Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	s := &Set{Dir: dir}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err != nil || !info.IsDir() {
			s.beside = append(s.beside, e.Name())
			continue
		}
		class := len(s.Classes)
		s.Classes = append(s.Classes, e.Name())
		files, err := os.ReadDir(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("data: class %s: %w", e.Name(), err)
		}
		for _, f := range files {
			switch {
			case strings.HasPrefix(f.Name(), "."):
				continue
			case f.IsDir():
				s.nested = append(s.nested, e.Name()+"/"+f.Name())
				continue
			}
			s.Pictures = append(s.Pictures, Picture{
				Path: filepath.Join(dir, e.Name(), f.Name()), Name: e.Name() + "/" + f.Name(),
				Class: class, Number: number(f.Name()),
			})
		}
	}
	slices.SortStableFunc(s.Pictures, func(a, b Picture) int {
		if a.Class != b.Class {
			return a.Class - b.Class
		}
		if a.Number != b.Number {
			return a.Number - b.Number
		}
		return strings.Compare(a.Name, b.Name)
	})
	return s, nil
}

// inspect hashes, decodes and measures every picture, and moves those that
// cannot be read to Refused.
func (s *Set) inspect() {
	reasons := make([]error, len(s.Pictures))
	each(len(s.Pictures), func(i int) {
		p := &s.Pictures[i]
		raw, err := os.ReadFile(p.Path)
		if err != nil {
			reasons[i] = err
			return
		}
		sum := sha256.Sum256(raw)
		p.SHA256 = hex.EncodeToString(sum[:])
		picture, err := intake.Decode(p.Name, raw)
		if err != nil {
			reasons[i] = err
			return
		}
		p.Colour, p.Fingerprint = Measure(picture.RGB), FingerprintOf(picture.RGB)
		p.Width, p.Height = picture.RGB.W, picture.RGB.H
		p.mode, p.notes = colourMode(raw), picture.Notes
	})
	kept := s.Pictures[:0]
	for i, p := range s.Pictures {
		if reasons[i] != nil {
			s.Refused = append(s.Refused, Refusal{Name: p.Name, Reason: ReasonOf(reasons[i])})
			continue
		}
		kept = append(kept, p)
	}
	s.Pictures = kept
}

// ReasonOf says why a picture is refused, without the file's name, which stands beside it.
func ReasonOf(err error) string {
	var refusal *intake.Refusal
	var path *fs.PathError
	switch {
	case errors.As(err, &refusal):
		return refusal.Message()
	case errors.As(err, &path):
		return "cannot be read: " + path.Err.Error()
	}
	return err.Error()
}

// Open decodes picture i again.
func (s *Set) Open(i int) (tensor.RGB8, error) {
	raw, err := os.ReadFile(s.Pictures[i].Path)
	if err != nil {
		return tensor.RGB8{}, fmt.Errorf("data: %w", err)
	}
	picture, err := intake.Decode(s.Pictures[i].Name, raw)
	if err != nil {
		return tensor.RGB8{}, err
	}
	return picture.RGB, nil
}

// Counts is the number of pictures of each class.
func (s *Set) Counts() []int {
	counts := make([]int, len(s.Classes))
	for _, p := range s.Pictures {
		counts[p.Class]++
	}
	return counts
}

// Labels is the class of each picture.
func (s *Set) Labels() []int {
	labels := make([]int, len(s.Pictures))
	for i, p := range s.Pictures {
		labels[i] = p.Class
	}
	return labels
}

// Colours is the colour of each picture.
func (s *Set) Colours() [][6]float64 {
	colours := make([][6]float64, len(s.Pictures))
	for i, p := range s.Pictures {
		colours[i] = p.Colour
	}
	return colours
}

// Duplicates groups the pictures whose files are equal byte for byte; each
// group has at least two, in order.
func (s *Set) Duplicates() [][]int {
	first := map[string]int{}
	var groups [][]int
	for i, p := range s.Pictures {
		at, seen := first[p.SHA256]
		switch {
		case !seen:
			first[p.SHA256] = -i - 1
		case at < 0:
			first[p.SHA256] = len(groups)
			groups = append(groups, []int{-at - 1, i})
		default:
			groups[at] = append(groups[at], i)
		}
	}
	return groups
}

// number is the last run of digits in a file's name, -1 if there is none.
func number(name string) int {
	name = strings.TrimSuffix(name, filepath.Ext(name))
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	end := strings.LastIndexFunc(name, digit) + 1
	start := strings.LastIndexFunc(name[:end], func(r rune) bool { return !digit(r) }) + 1
	n, err := strconv.Atoi(name[start:end])
	if err != nil {
		return -1
	}
	return n
}

// each calls f(0) to f(n-1) on all cores.
func each(n int, f func(i int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

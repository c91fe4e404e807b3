package data

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/build/drawn"
	"blastlens/wasm/tensor"
)

// picture is a small JPEG, different for each seed.
func picture(t *testing.T, class string, seed int) []byte {
	t.Helper()
	img, err := drawn.Draw(class, uint64(seed), 64)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folder writes files ("Class/name" to bytes) below a new folder.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, raw := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadBadFolders(t *testing.T) {
	good := func(k int) []byte { return picture(t, "Pre", k) }
	truncated := good(1)[:200]
	for name, c := range map[string]struct {
		files   map[string][]byte
		wants   []string // in the error or, if there is none, in the refusals
		refused int
		fails   bool
	}{
		"no classes":          {map[string][]byte{"a.jpg": good(1)}, []string{"0 subfolders"}, 0, true},
		"one class":           {map[string][]byte{"Pre/a.jpg": good(1), "Pre/b.jpg": good(2)}, []string{"1 subfolders"}, 0, true},
		"a lonely picture":    {map[string][]byte{"Pre/a.jpg": good(1), "Pre/b.jpg": good(2), "Pro/c.jpg": good(3)}, []string{"class Pro has 1"}, 0, true},
		"a broken last one":   {map[string][]byte{"Pre/a.jpg": good(1), "Pre/b.jpg": good(2), "Pro/c.jpg": good(3), "Pro/d.jpg": truncated}, []string{"class Pro has 1", "Pro/d.jpg"}, 0, true},
		"not a picture":       {map[string][]byte{"Pre/a.jpg": good(1), "Pre/b.jpg": good(2), "Pro/c.jpg": good(3), "Pro/d.jpg": good(4), "Pro/e.jpg": []byte("hello")}, []string{"Pro/e.jpg"}, 1, false},
		"empty and truncated": {map[string][]byte{"Pre/a.jpg": good(1), "Pre/b.jpg": good(2), "Pro/c.jpg": good(3), "Pro/d.jpg": good(4), "Pro/e.jpg": nil, "Pre/f.jpg": truncated}, []string{"Pro/e.jpg", "Pre/f.jpg"}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(folder(t, c.files))
			said := fmt.Sprint(err)
			if c.fails != (err != nil) {
				t.Fatalf("error is %v", err)
			}
			if c.fails && !errors.Is(err, ErrClasses) {
				t.Errorf("%v does not wrap ErrClasses", err)
			}
			if !c.fails {
				said = fmt.Sprint(s.Refused)
				if len(s.Refused) != c.refused || len(s.Pictures) != len(c.files)-c.refused {
					t.Errorf("%d pictures, refused %v, want %d refused", len(s.Pictures), s.Refused, c.refused)
				}
			}
			for _, want := range c.wants {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not name %q", said, want)
				}
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "absent")); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("an absent folder gave %v", err)
	}
}

func TestReadSortsAndFindsDuplicates(t *testing.T) {
	same := picture(t, "Pre", 9)
	s, err := Read(folder(t, map[string][]byte{
		"Pre/x-10.jpg": picture(t, "Pre", 1), "Pre/x-9.jpg": same, "Pre/y-9.jpg": same, ".hidden/a.jpg": nil, "README.txt": nil,
		"Early/3.jpg": same, "Early/20.jpg": picture(t, "Early", 2),
	}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range s.Pictures {
		names = append(names, p.Name)
	}
	if want := []string{"Early/3.jpg", "Early/20.jpg", "Pre/x-9.jpg", "Pre/y-9.jpg", "Pre/x-10.jpg"}; !slices.Equal(names, want) {
		t.Errorf("order %v, want %v", names, want)
	}
	if d := s.Duplicates(); len(d) != 1 || !slices.Equal(d[0], []int{0, 2, 3}) {
		t.Errorf("duplicates %v, want [[0 2 3]]", d)
	}
	if !slices.Equal(s.Counts(), []int{2, 3}) {
		t.Errorf("counts %v", s.Counts())
	}
}

func TestNumber(t *testing.T) {
	for name, want := range map[string]int{"WBC-Benign-001.jpg": 1, "a12b345.jpeg": 345, "7": 7, "x12y.png": 12, "none.jpg": -1, "": -1, "v2.jpg": 2} {
		if got := number(name); got != want {
			t.Errorf("number(%q) is %d, want %d", name, got, want)
		}
	}
}

// numbered is a set of two classes with the given file numbers; pictures with
// the same hash letter are duplicates.
func numbered(numbers []int, hash func(class, number int) string) *Set {
	s := &Set{Classes: []string{"A", "B"}}
	for class, name := range s.Classes {
		for _, n := range numbers {
			s.Pictures = append(s.Pictures, Picture{Name: fmt.Sprintf("%s/%03d.jpg", name, n), Class: class, Number: n, SHA256: hash(class, n)})
		}
	}
	return s
}

func unique(class, number int) string { return fmt.Sprint(class, number) }

func TestContiguousEmbargo(t *testing.T) {
	// 1..100 without 31..40: blocks are cut by number, not by position.
	var numbers []int
	for n := 1; n <= 100; n++ {
		if n < 31 || n > 40 {
			numbers = append(numbers, n)
		}
	}
	s := numbered(numbers, unique)
	split, err := s.Contiguous(5, 7)
	if err != nil {
		t.Fatal(err)
	}
	judged := map[int]int{}
	for k, f := range split.Folds {
		from, to := 1+20*k, 20+20*k
		role := make([]string, len(s.Pictures))
		for _, i := range f.Test {
			role[i] += "test"
			judged[i]++
		}
		for _, i := range f.Train {
			role[i] += "train"
		}
		embargoed := 0
		for i, p := range s.Pictures {
			want := "train"
			switch {
			case p.Number >= from && p.Number <= to:
				want = "test"
			case p.Number >= from-7 && p.Number <= to+7:
				want, embargoed = "", embargoed+1
			}
			if role[i] != want {
				t.Errorf("fold %d: %s is %q, want %q", k+1, p.Name, role[i], want)
			}
		}
		if f.Embargoed != embargoed {
			t.Errorf("fold %d counts %d embargoed, want %d", k+1, f.Embargoed, embargoed)
		}
	}
	if len(judged) != len(s.Pictures) {
		t.Errorf("%d of %d pictures were judged", len(judged), len(s.Pictures))
	}
	if _, err := s.Contiguous(5, 100); err == nil {
		t.Error("an embargo that swallows everything gave no error")
	}
	s.Pictures[3].Number = -1
	if _, err := s.Contiguous(5, 7); err == nil || !strings.Contains(err.Error(), s.Pictures[3].Name) {
		t.Errorf("a picture without a number gave %v", err)
	}
}

func TestSplitsDropDuplicates(t *testing.T) {
	numbers := make([]int, 50)
	for i := range numbers {
		numbers[i] = i + 1
	}
	// Every third picture has a twin, 25 numbers away.
	s := numbered(numbers, func(class, n int) string {
		if n%25%3 == 0 {
			n %= 25
		}
		return fmt.Sprint(class, n)
	})
	random, err := s.Random(3, .2)
	if err != nil {
		t.Fatal(err)
	}
	contiguous, err := s.Contiguous(5, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range []Split{random, contiguous} {
		dropped := 0
		for _, f := range split.Folds {
			dropped += f.Duplicates
			for _, i := range f.Test {
				for _, j := range f.Train {
					if i == j || s.Pictures[i].SHA256 == s.Pictures[j].SHA256 {
						t.Fatalf("%s: %s judges and %s trains", split.Kind, s.Pictures[i].Name, s.Pictures[j].Name)
					}
				}
			}
		}
		if dropped == 0 {
			t.Errorf("%s: no duplicate was dropped", split.Kind)
		}
	}
}

func TestRandomIsSeeded(t *testing.T) {
	numbers := make([]int, 100)
	for i := range numbers {
		numbers[i] = i
	}
	s := numbered(numbers, unique)
	a, _ := s.Random(1, .2)
	b, _ := s.Random(1, .2)
	c, _ := s.Random(2, .2)
	if s.Hash(a) != s.Hash(b) {
		t.Error("the same seed split twice differently")
	}
	if s.Hash(a) == s.Hash(c) {
		t.Error("two seeds split alike")
	}
	if f := a.Folds[0]; len(f.Test) != 40 || len(f.Train) != 160 {
		t.Errorf("%d train and %d judge, want 160 and 40", len(f.Train), len(f.Test))
	}
	before := s.Hash(a)
	s.Pictures[0].SHA256 = "changed"
	if s.Hash(a) == before {
		t.Error("a picture changed and the hash did not")
	}
	if _, err := s.Random(1, .001); err == nil {
		t.Error("a validation part without a picture gave no error")
	}
}

func TestMeasure(t *testing.T) {
	rgb := tensor.RGB8{W: 2, H: 1, Pix: []uint8{10, 0, 200, 30, 0, 100}}
	for k, want := range []float64{20, 0, 150, 10, 0, 50} {
		if got := Measure(rgb)[k]; math.Abs(got-want) > 1e-9 {
			t.Errorf("colour %d is %v, want %v", k, got, want)
		}
	}
}

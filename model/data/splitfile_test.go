package data

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apart is numbered 1..n, no two pictures near one another.
func apart(n int) *Set {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i + 1
	}
	s := numbered(numbers, unique)
	for i := range s.Pictures {
		s.Pictures[i].Fingerprint = Fingerprint(mixed(uint64(i)))
	}
	return s
}

// mixed scatters the bits of i (the finaliser of MurmurHash3).
func mixed(i uint64) uint64 {
	i = (i + 1) * 0x9e3779b97f4a7c15
	i = (i ^ i>>33) * 0xff51afd7ed558ccd
	i = (i ^ i>>33) * 0xc4ceb9fe1a85ec53
	return i ^ i>>33
}

func TestGroups(t *testing.T) {
	s := apart(2*Embargo + 1)
	twin := func(a, b int) { s.Pictures[b].Fingerprint = s.Pictures[a].Fingerprint ^ 0b111 }
	twin(0, 1)                     // in one block of A: changes nothing
	last := len(s.Pictures)/2 - 1  // the third block of A, a single picture
	twin(last, last+1)             // joins it to the first block of B
	s.Pictures[last-1].Number = -1 // leaves its block
	got := map[string]int{}
	for i, name := range s.Groups() {
		got[name]++
		if p := s.Pictures[i]; i == last-1 && name != p.Name {
			t.Errorf("%s has no number, its group is %s", p.Name, name)
		}
	}
	want := map[string]int{
		"A/001.jpg": Embargo, "A/038.jpg": Embargo - 1, "A/074.jpg": 1,
		"A/075.jpg": 1 + Embargo, "B/038.jpg": Embargo, "B/075.jpg": 1,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("groups %v, want %v", got, want)
	}
}

func TestGroupedNeverPartsAGroup(t *testing.T) {
	s := apart(300)
	groups := s.Groups()
	a, err := s.Grouped(1, .2, groups)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := s.Grouped(1, .2, groups)
	c, _ := s.Grouped(2, .2, groups)
	if s.Hash(a) != s.Hash(b) || s.Hash(a) == s.Hash(c) {
		t.Error("the same seed must split alike, another one differently")
	}
	f := a.Folds[0]
	trained := map[string]bool{}
	for _, i := range f.Train {
		trained[groups[i]] = true
	}
	judged := make([]int, 2)
	for _, i := range f.Test {
		judged[s.Pictures[i].Class]++
		if trained[groups[i]] {
			t.Fatalf("group %s is on both sides", groups[i])
		}
	}
	for class, n := range judged { // 60 are wanted, groups have 37
		if n < 60-Embargo/2-1 || n > 60+Embargo/2+1 {
			t.Errorf("class %d: %d of 300 judged, want 60 but for half a group", class, n)
		}
	}
	if len(f.Train)+len(f.Test) != 600 {
		t.Errorf("%d pictures in the fold, want all 600", len(f.Train)+len(f.Test))
	}
	// One group of many pictures and one of few: the few are nearer to a tenth.
	uneven := make([]string, 600)
	for i, p := range s.Pictures {
		uneven[i] = fmt.Sprint(p.Class, p.Number > 290)
	}
	for _, valid := range []float64{.1, .001} {
		if split, err := s.Grouped(1, valid, uneven); err != nil || len(split.Folds[0].Test) != 20 {
			t.Errorf("share %g: %d judged, %v; want the small groups, 20", valid, len(split.Folds[0].Test), err)
		}
	}
	for name, c := range map[string]struct {
		valid  float64
		groups []string
		says   string
	}{
		"a single group":  {.2, slices.Repeat([]string{"all"}, 600), "class A"},
		"a group too few": {.2, groups[1:], "599 groups for 600"},
		"a share of all":  {1, groups, "share of 1"},
		"a share of none": {0, groups, "share of 0"},
	} {
		if _, err := s.Grouped(1, c.valid, c.groups); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestManifest(t *testing.T) {
	s := apart(50)
	var b bytes.Buffer
	if err := s.WriteManifest(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	if !strings.HasPrefix(whole, "path,label,sha256,group\nA/001.jpg,A,0 1,A/001.jpg\n") || strings.Count(whole, "\n") != 101 {
		t.Errorf("manifest begins %.80q and has %d lines", whole, strings.Count(whole, "\n"))
	}
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "m.csv")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if groups, err := s.ReadGroups(write(whole)); err != nil || !slices.Equal(groups, s.Groups()) {
		t.Errorf("groups came back as %v, %v", groups, err)
	}
	line := "B/007.jpg,B,1 7,B/001.jpg\n"
	for name, c := range map[string]struct{ text, says string }{
		"another table":     {"a,b,c,d\n", "path,label,sha256,group"},
		"a ragged line":     {whole + "A/1.jpg\n", "wrong number of fields"},
		"a missing picture": {strings.Replace(whole, line, "", 1), "1 in the folder only: B/007.jpg"},
		"a foreign picture": {whole + "B/999.jpg,B,x,g\n", "1 not in the folder: B/999.jpg"},
		"a changed picture": {strings.Replace(whole, line, "B/007.jpg,B,other,g\n", 1), "1 with other bytes: B/007.jpg"},
		"another label":     {strings.Replace(whole, line, "B/007.jpg,A,1 7,g\n", 1), `B/007.jpg is labelled "A"`},
		"no group":          {strings.Replace(whole, line, "B/007.jpg,B,1 7,\n", 1), "B/007.jpg has no group"},
		"a picture twice":   {whole + line, "B/007.jpg"},
	} {
		if _, err := s.ReadGroups(write(c.text)); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "m.csv") {
			t.Errorf("%s: %v, want the file and %q", name, err, c.says)
		}
	}
}

func TestSplitFile(t *testing.T) {
	s := apart(200)
	random, err := s.Random(3, .2)
	if err != nil {
		t.Fatal(err)
	}
	contiguous, err := s.Contiguous(5, 7)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "split.json")
	for _, split := range []Split{random, contiguous} {
		text, err := s.MarshalSplit(split)
		if err == nil {
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.ReadSplit(path)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(split) {
			t.Errorf("%s: came back changed, %v", split.Kind, err)
		}
	}
	text, _ := s.MarshalSplit(random)
	tested, trained := s.Pictures[random.Folds[0].Test[0]].Name, s.Pictures[random.Folds[0].Train[0]].Name
	for name, c := range map[string]struct {
		text    string
		set     func(*Set)
		says    string
		differs bool
	}{
		"no JSON":           {text: "{", says: "unexpected end"},
		"no folds":          {text: "{}", says: "no folds"},
		"another kind":      {text: strings.Replace(string(text), "random", "honest", 1), says: "changed after it was written"},
		"a leak":            {text: strings.Replace(string(text), "   \""+tested+"\"", "   \""+trained+"\"", 1), says: trained + " is unknown, or there twice"},
		"a changed picture": {set: func(s *Set) { s.Pictures[5].SHA256 = "x" }, says: "1 with other bytes: A/006.jpg", differs: true},
		"lost pictures":     {set: func(s *Set) { s.Pictures = s.Pictures[8:] }, says: "8 not in the folder: A/001.jpg, A/002.jpg, A/003.jpg, A/004.jpg, A/005.jpg and 3 more", differs: true},
		"a new picture":     {set: func(s *Set) { s.Pictures = append(s.Pictures, Picture{Name: "B/new.jpg"}) }, says: "1 in the folder only: B/new.jpg", differs: true},
	} {
		t.Run(name, func(t *testing.T) {
			set, file := apart(200), c.text
			if c.set != nil {
				c.set(set)
				file = string(text)
			}
			if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := set.ReadSplit(path)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v, want the file and %q", err, c.says)
			}
			if errors.Is(err, ErrDiffers) != c.differs {
				t.Errorf("%v wraps ErrDiffers: %v", err, !c.differs)
			}
		})
	}
	if _, err := s.ReadSplit(filepath.Join(t.TempDir(), "absent.json")); err == nil || !strings.Contains(err.Error(), "absent.json") {
		t.Errorf("an absent file gave %v", err)
	}
}

func TestLeaks(t *testing.T) {
	s := apart(20)
	s.Pictures[30].Fingerprint = s.Pictures[3].Fingerprint ^ 1
	s.Pictures[31].Fingerprint = s.Pictures[32].Fingerprint
	f := Fold{Train: []int{0, 1, 2, 3}, Test: []int{30, 31, 32}}
	if n := s.Leaks(f); n != 1 {
		t.Errorf("%d leaks, want the one picture that has a twin in training", n)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blastlens/model/augment"
	"blastlens/model/data"
)

func TestDataCheck(t *testing.T) {
	dir, work := smears(t, 5, "Benign", "Pre"), t.TempDir()
	writeIn(t, dir, "Pre/copy-7.jpg", read(t, filepath.Join(dir, "Pre", "002.jpg")))
	c := dataCheckCmd{Dir: dir, Manifest: filepath.Join(work, "m.csv"), Plot: filepath.Join(work, "p.png"), JSON: true}
	var r data.Report
	runs(t, &c, &r)
	if r.Pictures != 11 || len(r.Identical) != 1 || r.Twins != 2 || len(r.Classes) != 2 {
		t.Errorf("report %+v, want 11 pictures and a pair", r)
	}
	if lines := strings.Split(string(read(t, c.Manifest)), "\n"); len(lines) != 13 || lines[0] != "path,label,sha256,group" || !strings.HasPrefix(lines[1], "Benign/000.jpg,Benign,") {
		t.Errorf("manifest %q", lines)
	}
	first := read(t, c.Manifest)
	runs(t, &c, nil)
	if !bytes.Equal(first, read(t, c.Manifest)) {
		t.Error("the same folder gave two manifests")
	}
	if _, err := png.Decode(bytes.NewReader(read(t, c.Plot))); err != nil {
		t.Errorf("--plot: %v", err)
	}

	var out, human bytes.Buffer
	if err := (&dataCheckCmd{Dir: dir}).Run(streams{out: &out, err: &human}); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"Benign  5", "Pre     6", "96 x 96: 11", "Pre/002.jpg = Pre/copy-7.jpg", "2 of 11 pictures have"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q is not in\n%s", words, out.String())
		}
	}
}

// Whatever is wrong, the report is printed, the files asked for are written,
// and the exit status tells trouble from left-out files.
func TestDataCheckBadFolders(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string // Class/name to text; "=" is a copy of a picture
		classes []string
		words   []string
		refused bool // the exit status is that of refused files
	}{
		"text named jpg":     {files: map[string]string{"Pre/note.jpg": "hello"}, words: []string{"1 left out"}, refused: true},
		"no label":           {files: map[string]string{"lost.jpg": "="}, words: []string{"1 left out"}, refused: true},
		"a nested folder":    {files: map[string]string{"Pre/more/a.jpg": "="}, words: []string{"1 left out"}, refused: true},
		"an empty class":     {files: map[string]string{"Pro/.keep": ""}, words: []string{"class Pro has 0"}},
		"an unknown class":   {files: nil, classes: []string{"Benign", "Early"}, words: []string{"Pre is no known class", "class Early has no folder"}},
		"a spoilt class too": {files: map[string]string{"Pro/a.jpg": "hello", "Pro/b.jpg": "="}, words: []string{"class Pro has 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := smears(t, 3, "Benign", "Pre")
			for file, text := range c.files {
				if text == "=" {
					text = string(read(t, filepath.Join(dir, "Pre", "000.jpg")))
				}
				writeIn(t, dir, file, []byte(text))
			}
			manifest := filepath.Join(t.TempDir(), "m.csv")
			var out, human bytes.Buffer
			err := (&dataCheckCmd{Dir: dir, Classes: c.classes, Manifest: manifest, JSON: true}).Run(streams{out: &out, err: &human})
			if err == nil || errors.Is(err, errSomeRefused) != c.refused {
				t.Fatalf("error %v, want one that is errSomeRefused: %v", err, c.refused)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not name %q", err, w)
				}
			}
			var r data.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Pictures < 6 {
				t.Errorf("standard output holds %d pictures, %v", r.Pictures, err)
			}
			if len(read(t, manifest)) == 0 {
				t.Error("no manifest was written")
			}
		})
	}
	fails(t, &dataCheckCmd{Dir: t.TempDir()}, "0 subfolders")
	fails(t, &dataCheckCmd{Dir: "nowhere"}, "nowhere")
	fails(t, &dataCheckCmd{Dir: t.TempDir(), Plot: "p.jpg"}, "--plot p.jpg", ".png")
}

// A report lists few names, and says that there are more.
func TestDataReportIsShort(t *testing.T) {
	var out bytes.Buffer
	r := data.Report{Pictures: 30, Refused: make([]data.Refusal, 20), Sizes: []data.Tally{{Name: "9 x 9", Pictures: 29}, {Name: "8 x 9", Pictures: 1, Files: []string{"A/odd.png"}}}}
	r.Identical = []data.Alike{{Names: []string{"A/1", "A/2"}}, {Names: []string{"A/3", "B/3"}, Conflict: true}}
	if err := printReport(&out, r); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, words := range []string{"9 x 9: 29, 8 x 9: 1", "A/odd.png: 8 x 9", "and 12 more", "A/3 = B/3  (labels differ)\n  A/1 = A/2\n"} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in\n%s", words, text)
		}
	}
}

func TestDataSplit(t *testing.T) {
	dir, work := smears(t, 50, "Benign", "Pre"), t.TempDir()
	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(work, "m.csv")
	runs(t, &dataCheckCmd{Dir: dir, Manifest: manifest, JSON: true}, nil)
	for name, c := range map[string]struct {
		cmd         dataSplitCmd
		folds       int
		train, test int // of the first fold
	}{
		"random":         {dataSplitCmd{Kind: "random", Seed: 1, Valid: .2}, 1, 80, 20},
		"found groups":   {dataSplitCmd{Kind: "group", Seed: 1, Valid: .2}, 1, 74, 26}, // of 37 and 13 numbers
		"groups by file": {dataSplitCmd{Kind: "group", Seed: 1, Valid: .2, Groups: manifest}, 1, 74, 26},
		"contiguous":     {dataSplitCmd{Kind: "contiguous", Folds: 5, Embargo: 4}, 5, 72, 20},
	} {
		t.Run(name, func(t *testing.T) {
			c.cmd.Dir, c.cmd.Out, c.cmd.JSON = dir, filepath.Join(t.TempDir(), "s.json"), true
			var r splitSummary
			runs(t, &c.cmd, &r)
			split, err := set.ReadSplit(c.cmd.Out)
			if err != nil {
				t.Fatal(err)
			}
			if f := split.Folds[0]; len(split.Folds) != c.folds || len(f.Train) != c.train || len(f.Test) != c.test {
				t.Errorf("%d folds, the first of %d and %d pictures, want %d, %d and %d", len(split.Folds), len(f.Train), len(f.Test), c.folds, c.train, c.test)
			}
			if r.SHA256 != set.Hash(split) || len(r.Folds) != c.folds || r.Folds[0].Train != c.train {
				t.Errorf("printed %+v", r)
			}
			before := read(t, c.cmd.Out)
			runs(t, &c.cmd, nil)
			if !bytes.Equal(before, read(t, c.cmd.Out)) {
				t.Error("the same command wrote two splits")
			}
		})
	}
	out := filepath.Join(work, "s.json")
	for name, c := range map[string]struct {
		cmd   dataSplitCmd
		words []string
	}{
		"another format":  {dataSplitCmd{Kind: "random", Out: "s.csv"}, []string{"--out s.csv", ".json"}},
		"useless groups":  {dataSplitCmd{Kind: "random", Out: out, Groups: manifest}, []string{"--groups", "random"}},
		"absent groups":   {dataSplitCmd{Kind: "group", Out: out, Groups: "no.csv"}, []string{"--groups", "no.csv"}},
		"one fold":        {dataSplitCmd{Kind: "contiguous", Out: out, Folds: 1}, []string{"--folds 1"}},
		"a large embargo": {dataSplitCmd{Kind: "contiguous", Out: out, Folds: 5, Embargo: 99}, []string{"embargo of 99"}},
		"a share of none": {dataSplitCmd{Kind: "random", Out: out, Valid: .001}, []string{"0.001"}},
		"a share of all":  {dataSplitCmd{Kind: "group", Out: out, Valid: 1}, []string{"share of 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.cmd.Dir = dir
			fails(t, &c.cmd, c.words...)
			if _, err := os.Stat(out); err == nil {
				t.Error("a split was written")
			}
		})
	}
	// What is left out is named, and the rest split.
	writeIn(t, dir, "Pre/note.jpg", []byte("hello"))
	fails(t, &dataSplitCmd{Dir: dir, Kind: "random", Seed: 1, Valid: .2, Out: out}, errSomeRefused.Error())
	if _, err := set.ReadSplit(out); err != nil {
		t.Error(err)
	}
}

func TestDataShow(t *testing.T) {
	dir, work := smears(t, 6, "Benign", "Early", "Pre", "Pro"), t.TempDir()
	show := func(name string, c dataShowCmd) []byte {
		t.Helper()
		c.Dir, c.Out = dir, filepath.Join(work, name)
		runs(t, &c, nil)
		return read(t, c.Out)
	}
	a, b, other := show("a.png", dataShowCmd{Seed: 1}), show("b.png", dataShowCmd{Seed: 1}), show("c.png", dataShowCmd{Seed: 2})
	if !bytes.Equal(a, b) || bytes.Equal(a, other) {
		t.Error("the same seed must show the same, another one something else")
	}
	one := show("pro.png", dataShowCmd{Seed: 1, Class: "Pro"})
	before := show("aug.png", dataShowCmd{Seed: 1, Augment: augment.List{}.String()})
	after := show("aug2.png", dataShowCmd{Seed: 1, Augment: "default"})
	if bytes.Equal(before, after) {
		t.Error("the default augmentation changed nothing")
	}
	size := func(file []byte) [2]int {
		config, err := png.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		return [2]int{config.Width, config.Height}
	}
	whole, pro, grid := size(a), size(one), size(after)
	if whole[0] != pro[0] || pro[1] >= whole[1] || grid[0] <= whole[0] {
		t.Errorf("sizes %v of 16 pictures, %v of 6, %v of 4 rows of 6", whole, pro, grid)
	}

	// A class that is rare is shown, and an unreadable file only left out.
	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	set.Pictures = set.Pictures[:7] // 6 of Benign, 1 of Early
	if chosen := choose(set, -1, 4, 1); len(chosen) != 4 || chosen[3] != 6 {
		t.Errorf("chose %v, want picture 6, the only one of its class, among four", chosen)
	}
	writeIn(t, dir, "Pre/note.jpg", []byte("hello"))
	writeIn(t, dir, "Pre/wide-9.jpg", jpegOf(t, red))
	fails(t, &dataShowCmd{Dir: dir, Out: filepath.Join(work, "d.png"), Seed: 1}, errSomeRefused.Error())
	size(read(t, filepath.Join(work, "d.png")))

	fails(t, &dataShowCmd{Dir: dir, Out: "x.png", Class: "Nobody"}, "--class Nobody", "Benign, Early, Pre, Pro")
	fails(t, &dataShowCmd{Dir: dir, Out: "x.png", Augment: "flop"}, "--augment", "flop", "scalebar")
	fails(t, &dataShowCmd{Dir: dir, Out: "x.jpg"}, "--out x.jpg", ".png")
	fails(t, &dataShowCmd{Dir: filepath.Join(dir, "Pre"), Out: "x.png"}, "0 subfolders")
}

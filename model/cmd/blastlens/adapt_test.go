package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/build/drawn"
	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/plan"
)

// smallSize is enough to tell two kinds of drawn cells apart; three need shippedSize.
const smallSize, shippedSize = 96, 224

// smallModel is the shipped model with both its heads, for pictures of side smallSize.
func smallModel(t *testing.T) string {
	t.Helper()
	b, err := bundle.Read(read(t, shippedFile))
	if err != nil {
		t.Fatal(err)
	}
	params, outputs, _, err := takeApart(b, "")
	if err != nil {
		t.Fatal(err)
	}
	g, err := net.Build(params, smallSize, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	if b.Plan, err = lower.Lower(g, smallSize); err != nil {
		t.Fatal(err)
	}
	b.Version, b.Preprocess, b.Golden.Logits = "small", adapt.Preprocess(smallSize), nil
	file, _, err := seal(b)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "small.blm")
	if err := writeModel(path, file, manifestOf(path, file, b.Version)); err != nil {
		t.Fatal(err)
	}
	return path
}

// local draws n pictures of size x size for each class of named, which says what
// to draw in it.
func local(t *testing.T, n, size int, named map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for class, like := range named {
		for k := range n {
			writeIn(t, dir, fmt.Sprintf("%s/%03d.jpg", class, k), drawing(t, like, uint64(k), size))
		}
	}
	return dir
}

func drawing(t *testing.T, class string, seed uint64, size int) []byte {
	t.Helper()
	img, err := drawn.Draw(class, seed, size)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func adapting(dir, model, out string) adaptCmd {
	return adaptCmd{Data: dir, Model: model, Kind: "auto", Valid: .25, Seed: 1, Out: out, JSON: true}
}

var lettered = map[string]string{"A": "Benign", "B": "Early", "C": "Pre"}

// A laboratory's own three classes take the place of the model's four; all else
// of the model stays, and the new one is served like any other.
func TestAdaptToOtherClasses(t *testing.T) {
	dir, model := local(t, 40, shippedSize, lettered), shippedFile
	titles := filepath.Join(t.TempDir(), "classes.json")
	writeIn(t, filepath.Dir(titles), "classes.json", []byte(`{"B": {"title": "Second kind", "group": "malignant"}}`))
	c := adapting(dir, model, filepath.Join(t.TempDir(), "mine.blm"))
	c.Classes = titles
	var got adaptation
	runs(t, &c, &got)
	if got.Before != nil || !slices.Equal(got.Unknown, []string{"A", "B", "C"}) {
		t.Errorf("before is %v and unknown %v: the model knows no class A, B or C", got.Before, got.Unknown)
	}
	if got.Kind != net.Plain || got.Head != "smear" {
		t.Errorf("a head %s of kind %s was fitted, want smear of kind plain", got.Head, got.Kind)
	}
	if got.Split.Train != 90 || got.Split.Judged != 30 || !strings.Contains(got.Split.Kind, data.NearGroupsInWords) {
		t.Errorf("split %+v, want 90 and 30 pictures by near duplicates", got.Split)
	}
	if got.After.Balanced.Value < .65 || got.After.Balanced.Value < got.Colour.Balanced+.2 {
		t.Errorf("after: %v, want at least 0.65 and far above colour alone (%.2f)", got.After, got.Colour.Balanced)
	}
	if !(got.After.Balanced.Low <= got.After.Balanced.Value && got.After.Balanced.Value <= got.After.Balanced.High) {
		t.Errorf("interval %v", got.After.Balanced)
	}

	var v verified
	runs(t, &verifyModelCmd{File: c.Out, JSON: true}, &v)
	if v.SHA256 != got.Manifest.SHA256 || strings.Join(v.Heads, " ") != "smear drawn" {
		t.Errorf("verify printed %+v, adapt %+v", v, got.Manifest)
	}
	was, is := opened(t, model), opened(t, c.Out)
	sameBody(t, model, c.Out)
	if !slices.Equal(was.Golden.Logits["drawn"], is.Golden.Logits["drawn"]) {
		t.Errorf("the kept head's self-test was %v and is %v", was.Golden.Logits["drawn"], is.Golden.Logits["drawn"])
	}
	if kept := is.Heads[1]; !kept.Demonstration || !bytes.Equal(kept.Record, was.Heads[1].Record) || !slices.Equal(kept.Classes, was.Heads[1].Classes) {
		t.Errorf("the kept head is %+v", kept)
	}
	if want := []bundle.Class{{Name: "A", Title: "A"}, {Name: "B", Title: "Second kind", Group: "malignant"}, {Name: "C", Title: "C"}}; !slices.Equal(is.Heads[0].Classes, want) {
		t.Errorf("classes %+v, want %+v", is.Heads[0].Classes, want)
	}
	record, err := parseRecord("of smear", is.Heads[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	sum := bundle.Seal(read(t, model)).SHA256
	if record.Kind != adapted || !strings.Contains(record.Start, was.Version) || !strings.Contains(record.Start, sum) ||
		record.Figures[0].SHA256 != got.Split.SHA256 || record.Figures[0].Colour != got.Colour || !slices.Equal(record.Data.Counts, []int{40, 40, 40}) {
		t.Errorf("record %+v", record)
	}

	// evaluate finds the same held-out pictures again.
	var e evaluated
	runs(t, &evaluateCmd{Data: dir, Model: c.Out, Split: "validation", JSON: true}, &e)
	if e.Judged != 30 || e.Accuracy != got.After.Accuracy.Value {
		t.Errorf("evaluate judges %d pictures with accuracy %v, adapt had %v", e.Judged, e.Accuracy, got.After.Accuracy)
	}
}

func opened(t *testing.T, path string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Read(read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sameBody wants the stored bytes of the body's weights, which stand before those
// of the heads in both files, to be the same.
func sameBody(t *testing.T, before, after string) {
	t.Helper()
	body := func(path string) (stored []byte) {
		file, b := read(t, path), opened(t, path)
		var offsets struct {
			Weights []struct {
				Name string `json:"name"`
				At   int    `json:"at"`
			} `json:"weights"`
		}
		const front = len(bundle.Magic) + 8
		length := int(file[front-4]) | int(file[front-3])<<8 | int(file[front-2])<<16
		if err := json.Unmarshal(file[front:front+length], &offsets); err != nil {
			t.Fatal(err)
		}
		data := file[(front+length+15)/16*16:]
		first := len(b.Plan.Weights)
		for _, s := range b.Plan.Steps {
			if s.Op == plan.Dense {
				first = min(first, s.W, s.B)
			}
		}
		return data[:offsets.Weights[first].At]
	}
	was, is := body(before), body(after)
	if len(was) < 8_000_000 || !bytes.Equal(was, is) {
		t.Errorf("the body's weights are %d bytes before and %d after, or differ", len(was), len(is))
	}
}

// The demonstration can be replaced as well; then the large head before it stays.
func TestAdaptNamedHead(t *testing.T) {
	model := smallModel(t)
	c := adapting(local(t, 8, smallSize, lettered), model, filepath.Join(t.TempDir(), "mine.blm"))
	c.Head, c.Version = "drawn", "1.2"
	var got adaptation
	runs(t, &c, &got)
	was, is := opened(t, model), opened(t, c.Out)
	if got.Head != "drawn" || is.Version != "1.2" || len(is.Heads[1].Classes) != 3 || !is.Heads[1].Demonstration || len(is.Heads[0].Classes) != 4 {
		t.Errorf("version %s, heads %+v", is.Version, is.Heads)
	}
	sameBody(t, model, c.Out)
	// Its linear layers are rounded to 8 bits again, which devices may not notice.
	allowed := float32(0)
	for _, v := range was.Golden.Logits["smear"] {
		allowed = max(allowed, goldenTolerance*v, -goldenTolerance*v)
	}
	for i, v := range was.Golden.Logits["smear"] {
		if d := v - is.Golden.Logits["smear"][i]; d > allowed || d < -allowed {
			t.Errorf("logit %d of the kept head was %v and is %v", i, v, is.Golden.Logits["smear"][i])
		}
	}
}

// Where the training pictures lie in the wrong folders, the new head is worse on
// the held-out ones, which lie in the right ones.
func TestAdaptRefusesWorse(t *testing.T) {
	named := map[string]string{"A": "Benign", "B": "Pre"}
	dir, work := local(t, 20, smallSize, named), t.TempDir()
	at := func(name string) string { return filepath.Join(work, name) }
	good := adapting(dir, smallModel(t), at("good.blm"))
	good.Plot = at("good.png")
	runs(t, &good, nil)

	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	split, _, err := holdOut(set, good.Seed, good.Valid)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range split.Folds[0].Train {
		p := set.Pictures[i]
		next := set.Classes[(p.Class+1)%len(set.Classes)]
		writeIn(t, dir, p.Name, drawing(t, named[next], uint64(1000+i), smallSize))
	}
	worse := adapting(dir, good.Out, at("worse.blm"))
	worse.Plot = at("worse.png")
	fails(t, &worse, "worse.blm", "nothing written", "worse on the 10 held-out pictures (balanced accuracy 0.", "than the model's own (balanced accuracy 0.", "--force")
	for _, name := range []string{"worse.blm", "worse.json", "worse.png"} {
		if _, err := os.Stat(at(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was written, or: %v", name, err)
		}
	}
	worse.Force = true
	var got adaptation
	runs(t, &worse, &got)
	for _, h := range []*held{got.Before, &got.After} {
		if h == nil || !slices.Equal(h.Classes, []string{"A", "B"}) || h.Confusion.Accuracy() != h.Accuracy.Value || h.Confusion.Balanced() != h.Balanced.Value {
			t.Errorf("%+v: the confusion matrix is not that of the figures", h)
		}
	}
	if both, one := pngSize(t, worse.Plot), pngSize(t, good.Plot); both.X <= one.X || both.Y >= one.Y {
		t.Errorf("the picture of before and after is %v, want it wider than that of after alone, which says why in one more line, %v", both, one)
	}
	if got.Before == nil || got.After.Balanced.Value >= got.Before.Balanced.Value {
		t.Errorf("before %v, after %v, want less", got.Before, got.After)
	}
	runs(t, &verifyModelCmd{File: at("worse.blm")}, nil)
}

// What is no picture is named and left out; the model is written, and the exit
// status says so.
func TestAdaptLeavesOut(t *testing.T) {
	dir := local(t, 4, smallSize, lettered)
	writeIn(t, dir, "B/note.txt", []byte("hello"))
	c := adapting(dir, smallModel(t), filepath.Join(t.TempDir(), "mine.blm"))
	c.JSON = false
	var out, human bytes.Buffer
	if err := c.Run(streams{out: &out, err: &human}); !errors.Is(err, errSomeRefused) {
		t.Fatalf("error %v, want %v", err, errSomeRefused)
	}
	if !strings.Contains(human.String(), "B/note.txt") {
		t.Errorf("standard error does not name B/note.txt:\n%s", human.String())
	}
	for _, want := range []string{"before", "does not know A, B, C", "after", "colour alone", "mine.blm"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
	runs(t, &verifyModelCmd{File: c.Out}, nil)

	// A picture that cannot be written costs no model.
	c.Plot, c.Out = filepath.Join(dir, "B", "note.txt", "plot.png"), filepath.Join(t.TempDir(), "other.blm")
	fails(t, &c, "--plot", "note.txt")
	runs(t, &verifyModelCmd{File: c.Out}, nil)
}

func pngSize(t *testing.T, path string) image.Point {
	t.Helper()
	config, err := png.DecodeConfig(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	return image.Pt(config.Width, config.Height)
}

func TestAdaptRefuses(t *testing.T) {
	good, model := local(t, 3, smallSize, lettered), smallModel(t)
	work := t.TempDir()
	at := func(name string) string { return filepath.Join(work, name) }
	twins := local(t, 3, smallSize, lettered)
	for k := range 3 {
		writeIn(t, twins, fmt.Sprintf("B/%03d.jpg", k), drawing(t, "Early", 7, smallSize))
	}
	unreadable := local(t, 2, smallSize, lettered)
	writeIn(t, unreadable, "C/001.jpg", []byte("hello"))
	flipped := read(t, model)
	flipped[len(flipped)/2] ^= 1
	writeIn(t, work, "flipped.blm", flipped)
	writeIn(t, work, "flipped.json", bytes.Replace(read(t, recordPath(model)), []byte("small.blm"), []byte("flipped.blm"), 1))
	writeIn(t, work, "alone.blm", read(t, model))
	writeIn(t, work, "titles.json", []byte("{"))
	kept := read(t, model)

	for name, c := range map[string]struct {
		change func(*adaptCmd)
		words  []string
	}{
		"an absent folder":         {func(c *adaptCmd) { c.Data = at("absent") }, []string{"absent"}},
		"a folder without classes": {func(c *adaptCmd) { c.Data = filepath.Join(good, "A") }, []string{"0 subfolders"}},
		"a class of one picture":   {func(c *adaptCmd) { c.Data = unreadable }, []string{"class C has 1", "C/001.jpg"}},
		"a class of one field":     {func(c *adaptCmd) { c.Data = twins }, []string{"nothing can be held out", "class B"}},
		"no share to hold out":     {func(c *adaptCmd) { c.Valid = 0 }, []string{"--valid 0"}},
		"all held out":             {func(c *adaptCmd) { c.Valid = 1 }, []string{"--valid 1"}},
		"an absent model":          {func(c *adaptCmd) { c.Model = at("nowhere.blm") }, []string{"--model", "nowhere.blm"}},
		"a model without manifest": {func(c *adaptCmd) { c.Model = at("alone.blm") }, []string{"--model", "manifest", "alone.json"}},
		"a model changed by a bit": {func(c *adaptCmd) { c.Model = at("flipped.blm") }, []string{"flipped.blm", "SHA-256"}},
		"an unknown head":          {func(c *adaptCmd) { c.Head = "marrow" }, []string{"--head", "marrow"}},
		"titles that are no JSON":  {func(c *adaptCmd) { c.Classes = at("titles.json") }, []string{"--classes", "titles.json"}},
		"another format":           {func(c *adaptCmd) { c.Out = at("mine.onnx") }, []string{"--out", "mine.onnx", ".blm"}},
		"a picture of no PNG":      {func(c *adaptCmd) { c.Plot = at("plot.svg") }, []string{"--plot", "plot.svg", ".png"}},
		"the model itself":         {func(c *adaptCmd) { c.Out = model }, []string{"--out", "small.blm", "--model"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := adapting(good, model, at("out.blm"))
			c.change(&cmd)
			fails(t, &cmd, c.words...)
			if _, err := os.Stat(at("out.blm")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("out.blm was written, or: %v", err)
			}
		})
	}
	if !bytes.Equal(read(t, model), kept) {
		t.Error("the given model was changed")
	}
}

// Where file numbers make enough blocks, whole blocks are held out; before that,
// near duplicates stay together at least.
func TestHoldOut(t *testing.T) {
	for name, c := range map[string]struct {
		pictures int
		valid    float64
		by       string
	}{
		"one block a class":                {6, .25, data.NearGroupsInWords},
		"eight blocks a class, a quarter":  {8*data.Embargo - 1, .25, data.GroupsInWords},
		"seven blocks a class, a quarter":  {7*data.Embargo - 1, .25, data.NearGroupsInWords},
		"seven blocks a class, two judge":  {7*data.Embargo - 1, .3, data.GroupsInWords},
		"near duplicates in few pictures ": {4, .5, data.NearGroupsInWords},
	} {
		t.Run(name, func(t *testing.T) {
			set := &data.Set{Classes: []string{"A", "B"}}
			for class := range set.Classes {
				for k := range c.pictures {
					i := len(set.Pictures)
					p := data.Picture{Name: fmt.Sprintf("%s/%d", set.Classes[class], k), Class: class, Number: k, SHA256: fmt.Sprint(i)}
					p.Fingerprint = data.Fingerprint(uint64(bundle.Hash(1, uint32(i)))<<32 | uint64(bundle.Hash(2, uint32(i))))
					if k == 1 { // a near duplicate of the one before
						p.Fingerprint = set.Pictures[i-1].Fingerprint ^ 1
					}
					set.Pictures = append(set.Pictures, p)
				}
			}
			split, groups, err := holdOut(set, 1, c.valid)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(split.Kind, "; groups: "+c.by) {
				t.Errorf("split %q, want groups %q", split.Kind, c.by)
			}
			if n := set.Leaks(split.Folds[0]); n != 0 {
				t.Errorf("%d near duplicates were parted", n)
			}
			in := map[string]bool{}
			for _, i := range split.Folds[0].Train {
				in[groups[i]] = true
			}
			for _, i := range split.Folds[0].Test {
				if in[groups[i]] {
					t.Fatalf("group %s was parted", groups[i])
				}
			}
		})
	}
}

func TestAdaptKind(t *testing.T) {
	for _, c := range []struct {
		flag     string
		pictures int
		want     net.Head
	}{
		{"auto", manyPictures - 1, net.Plain}, {"auto", manyPictures, net.Fastai},
		{"fastai", 10, net.Fastai}, {"plain", manyPictures, net.Plain},
	} {
		cmd := adaptCmd{Kind: c.flag}
		if got := cmd.kind(&data.Set{Pictures: make([]data.Picture, c.pictures)}); got != c.want {
			t.Errorf("--kind %s with %d pictures fits %s, want %s", c.flag, c.pictures, got, c.want)
		}
	}
}

// A body or a kept head that packing has moved is refused.
func TestUnchanged(t *testing.T) {
	for name, c := range map[string]struct {
		move func(*bundle.Bundle)
		want string
	}{
		"the same":                {func(*bundle.Bundle) {}, ""},
		"a weight of the body":    {func(b *bundle.Bundle) { b.Plan.Weights[0].Data[5] += 1e-6 }, "conv_stem.weight"},
		"the head to be replaced": {func(b *bundle.Bundle) { b.Golden.Logits["smear"][0]++ }, ""},
		"a head to be kept":       {func(b *bundle.Bundle) { b.Golden.Logits["drawn"][0]++ }, "drawn"},
	} {
		t.Run(name, func(t *testing.T) {
			made := opened(t, shippedFile)
			c.move(made)
			err := unchanged(opened(t, shippedFile), made, "smear")
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want one that names %q", err, c.want)
			}
		})
	}
}

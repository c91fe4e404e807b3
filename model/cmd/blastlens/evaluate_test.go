package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/engine/enginetest"
)

// tints draws n pictures of one colour for each class that the tint model
// knows, in a new folder. A picture named in wrong has a colour that the model
// answers with another class: red is drawn blue, green red, blue green.
func tints(t *testing.T, n int, wrong ...string) string {
	t.Helper()
	dir := t.TempDir()
	for channel, class := range []string{"Red", "Green", "Blue"} {
		for k := range n {
			name := fmt.Sprintf("%s/%03d.png", class, k)
			base := uint8(100 + channel) // no two pictures are alike
			rgb := [3]uint8{base, base, base}
			brightest := channel
			if slices.Contains(wrong, name) {
				brightest = (channel + 2) % 3
			}
			rgb[brightest] += uint8(20 + k)
			writeIn(t, dir, name, pngOf(t, speckled(tinted(color.NRGBA{rgb[0], rgb[1], rgb[2], 255}), uint32(100*channel+k))))
		}
	}
	return dir
}

// speckled makes squares of a picture lighter or darker, others for each seed, so
// that no two are near duplicates; the tint stays.
func speckled(img *image.NRGBA, seed uint32) *image.NRGBA {
	const square = 8
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			by := uint8(16 * (bundle.Hash(seed, uint32(y/square*100+x/square)) >> 31))
			for c := range 3 {
				img.Pix[img.PixOffset(x, y)+c] += by
			}
		}
	}
	return img
}

// recordedModel writes the tint model with a training record of the pictures in
// dir, half of which it says were held back.
func recordedModel(t *testing.T, dir string) string {
	t.Helper()
	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	split, err := set.Random(1, .5)
	if err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(adapt.Record{
		Kind: "written by hand", Head: string(net.Plain), Size: 64, Start: "random weights, seed 1", Valid: .5, Losses: []float64{1.1, .7, .4},
		Data: adapt.Describe("tints", set), Options: adapt.Options{Epochs: 3, Batch: 8, LearnRate: .01},
		Figures: []adapt.Figure{{Split: split.Kind, SHA256: set.Hash(split), Seed: 1, Judged: len(split.Folds[0].Test), Colour: adapt.Control{Method: "nearest neighbours on colour"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file, manifest := enginetest.Model(t, func(b *bundle.Bundle) { b.Heads[0].Record = record })
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	writeIn(t, folder, "means.json", text)
	return writeIn(t, folder, "means.blm", file)
}

func TestEvaluate(t *testing.T) {
	dir := tints(t, 24, "Blue/003.png", "Red/020.png", "Red/021.png")
	model := recordedModel(t, dir)
	work := t.TempDir()
	at := func(name string) string { return filepath.Join(work, name) }

	all := evaluateCmd{Data: dir, Model: model, Split: "all", JSON: true, Report: at("report.html"), Plots: at("plots")}
	var e evaluated
	runs(t, &all, &e)
	m := e.Metrics
	// Classes are in the order of the head, not of the folders.
	if want := (evaluate.Confusion{{22, 0, 2}, {0, 24, 0}, {0, 1, 23}}); !reflect.DeepEqual(m.Confusion, want) || !reflect.DeepEqual(e.Confusion, want) {
		t.Fatalf("confusion %v and %v, want %v", m.Confusion, e.Confusion, want)
	}
	if e.Judged != 72 || m.Pictures != 72 || e.Accuracy != 69./72 || e.Accuracy != m.Accuracy.Value || e.Balanced != m.Macro.Recall.Value {
		t.Errorf("%d pictures, accuracy %v and %v, balanced %v and %v; want 72 and 69/72", e.Judged, e.Accuracy, m.Accuracy, e.Balanced, m.Macro.Recall)
	}
	if m.Groups != 3 || e.GroupedBy != data.GroupsInWords {
		t.Errorf("%d groups, %q; want a block of 24 numbers for each class", m.Groups, e.GroupedBy)
	}
	if a := m.Accuracy; !(a.Low < a.Value && a.Value < a.High) {
		t.Errorf("accuracy %v, want an interval around it", a)
	}
	if c := m.Classes[2]; c.Name != "Blue" || c.Pictures != 24 || c.Recall.Value != 23./24 || c.Precision.Value != 23./25 || !c.AUC.Interval() {
		t.Errorf("class %+v", c)
	}

	for _, name := range []string{"class-distribution", "loss", "confusion", "roc", "precision-recall", "calibration"} {
		if _, err := png.Decode(bytes.NewReader(read(t, at("plots/"+name+".png")))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	page := string(read(t, all.Report))
	for _, want := range []string{
		"start weights: not the paper&#39;s, but random weights, seed 1", "all pictures", "from the training record: random, 50/50", "nearest neighbours",
		"Not shown: the learning-rate finder was not run", "99.84", "highest learning rate", "95.83 %",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}

	validation := evaluateCmd{Data: dir, Model: model, Split: "validation", JSON: true, Report: at("validation.html")}
	runs(t, &validation, &e)
	page = string(read(t, validation.Report))
	if e.Judged != 36 || !strings.Contains(page, "50/50, seeded, not stratified: validation part") || strings.Contains(page, "from the training record") {
		t.Errorf("%d pictures of %s judged, want the 36 of the validation part and no other split in the report", e.Judged, e.Split)
	}

	var out, human bytes.Buffer
	if err := (&evaluateCmd{Data: dir, Model: model, Split: "all"}).Run(streams{out: &out, err: &human}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"72 pictures, accuracy", "3 groups", "Matthews correlation", "Blue, 24 pictures", "ROC AUC", m.Accuracy.String()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}

// Groups of a file replace the blocks: here, each class is two slides.
func TestEvaluateByGroups(t *testing.T) {
	dir := tints(t, 6, "Blue/001.png")
	model := recordedModel(t, dir)
	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	lines := [][]string{{"path", "label", "sha256", "group"}}
	for i, p := range set.Pictures {
		class := set.Classes[p.Class]
		lines = append(lines, []string{p.Name, class, p.SHA256, class + []string{" slide A", " slide B"}[i%2]})
	}
	file := filepath.Join(t.TempDir(), "groups.csv")
	write := func(lines [][]string) {
		t.Helper()
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		writeIn(t, filepath.Dir(file), filepath.Base(file), b.Bytes())
	}
	write(lines)
	c := evaluateCmd{Data: dir, Model: model, Split: "all", Groups: file, JSON: true}
	var e evaluated
	runs(t, &c, &e)
	if e.Metrics.Groups != 6 || e.GroupedBy != "as listed in groups.csv" {
		t.Errorf("%d groups, %q; want the 6 slides of groups.csv", e.Metrics.Groups, e.GroupedBy)
	}
	if raw, _ := json.Marshal(e); bytes.Contains(raw, []byte("NaN")) {
		t.Error("NaN in JSON")
	}

	for name, tt := range map[string]struct {
		change func(lines [][]string) [][]string
		words  []string
	}{
		"a column that lacks":   {func(l [][]string) [][]string { l[0][3] = "slide"; return l }, []string{"groups.csv", "first line"}},
		"a picture that lacks":  {func(l [][]string) [][]string { return l[:len(l)-1] }, []string{"Red/005.png"}},
		"a picture twice":       {func(l [][]string) [][]string { return append(l, l[3]) }, []string{"record 20", "Blue/002.png"}},
		"a picture of no group": {func(l [][]string) [][]string { l[2][3] = ""; return l }, []string{"record 3", "Blue/001.png"}},
		"other bytes":           {func(l [][]string) [][]string { l[1][2] = "00"; return l }, []string{"Blue/000.png", "other bytes"}},
		"another label":         {func(l [][]string) [][]string { l[1][1] = "Red"; return l }, []string{"Blue/000.png", "Red"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := make([][]string, len(lines))
			for i, line := range lines {
				changed[i] = slices.Clone(line)
			}
			write(tt.change(changed))
			fails(t, &c, append(tt.words, "--groups")...)
		})
	}
	fails(t, &evaluateCmd{Data: dir, Model: model, Split: "all", Report: "report.pdf"}, "--report report.pdf", ".html")
}

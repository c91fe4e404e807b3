package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blastlens/model/adapt"
)

// The whole network is trained on drawings, leaves all that it promises, and
// says where its weights came from.
func TestTrainWhole(t *testing.T) {
	dir, work := smears(t, 8, "Benign", "Pre"), t.TempDir()
	at := func(name string) string { return filepath.Join(work, name) }
	c := trainCmd{Head: "plain", Out: at("w.safetensors"), Report: at("w.html"), JSON: true,
		pictures:    pictures{Data: dir, Init: "random", Size: 64, Seed: 1, Valid: .25},
		recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4), Epochs: new(1), LRMax: "1e-3:1e-2"}}
	var r adapt.Record
	runs(t, &c, &r)
	if r.Kind != "whole network" || len(r.History) != 2 || !r.History[0].Frozen || r.History[1].Pictures <= 0 || r.Recipe.Head != 1e-2 || r.Recipe.Body != 1e-3 {
		t.Errorf("record %+v", r)
	}
	if f := r.Figures[0]; f.Judged != 4 || len(f.SHA256) != 64 || f.Colour.Method == "" {
		t.Errorf("figure %+v", f)
	}
	for _, name := range []string{"w-loss.png", "w-accuracy.png"} {
		if _, err := png.Decode(bytes.NewReader(read(t, at(name)))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if log := string(read(t, at("w.csv"))); strings.Count(log, "\n") != 3 {
		t.Errorf("log:\n%s", log)
	}
	page := string(read(t, at("w.html")))
	for _, want := range []string{"start weights: not the paper&#39;s, but random weights, seed 1", "99.84", "recipe", "Predicted", "Learning-rate finder", "training part"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	again := c
	again.Resume = true // nothing is left to do
	var same adapt.Record
	runs(t, &again, &same)
	if len(same.History) != 2 || same.Figures[0].Accuracy != r.Figures[0].Accuracy {
		t.Errorf("resumed after the end: %+v", same.History)
	}
	if len(r.Finder.Rates) < 20 || len(same.Finder.Rates) != len(r.Finder.Rates) {
		t.Errorf("the record has %d steps of the finder, the one of the resumed run %d", len(r.Finder.Rates), len(same.Finder.Rates))
	}
	// What was trained can be exported and be the body of another head.
	demo := trainCmd{Frozen: true, Head: "plain", Out: at("demo.safetensors"), pictures: c.pictures, recipeFlags: recipeFlags{Epochs: new(1)}}
	demo.Init, demo.Size = at("w.safetensors"), 64
	runs(t, &demo, nil)
	runs(t, &exportCmd{Params: at("w.safetensors"), Demo: demo.Out, Size: 64, Out: at("w.onnx")}, nil)
	if head, _, err := readRecord(at("demo.json")); err != nil || head.Body == nil || head.Body.SHA256 != r.Figures[0].SHA256 {
		t.Errorf("the head's record says of its body %+v, %v", head.Body, err)
	}
	demo.Seed = 2 // judges pictures that the body has been trained on
	fails(t, &demo, "--init", "w.safetensors", "--seed 1 --valid 0.25")

	var f found
	finder := lrfindCmd{Head: "plain", Plot: at("lr.png"), JSON: true, pictures: c.pictures, recipeFlags: c.recipeFlags}
	runs(t, &finder, &f)
	if len(f.Rates) < 20 || f.Rates[0] != 1e-7 || len(f.Suggestions) != 4 {
		t.Errorf("%d rates, suggestions %v", len(f.Rates), f.Suggestions)
	}
	if _, err := png.Decode(bytes.NewReader(read(t, at("lr.png")))); err != nil {
		t.Error(err)
	}
}

// The contiguous fifths are trained each anew, can be gone on with, and stand
// beside the figure of the first split.
func TestTrainContiguous(t *testing.T) {
	dir, work := smears(t, 100, "Benign", "Pre"), t.TempDir()
	c := trainCmd{Head: "plain", Out: filepath.Join(work, "w.safetensors"), Contiguous: true, JSON: true,
		pictures:    pictures{Data: dir, Init: "random", Size: 32, Seed: 1, Valid: .5},
		recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(12), FreezeEpochs: new(0), Epochs: new(1)}}
	var r adapt.Record
	runs(t, &c, &r)
	if len(r.Figures) != 2 || r.Figures[1].Folds != 5 || r.Figures[1].Judged != 200 || r.Figures[1].Embargoed == 0 {
		t.Fatalf("figures %+v", r.Figures)
	}
	if err := os.Remove(filepath.Join(work, "w-fold5.checkpoint")); err != nil {
		t.Fatal(err)
	}
	c.Resume = true
	var again adapt.Record
	runs(t, &c, &again)
	if fmt.Sprint(again.Figures) != fmt.Sprint(r.Figures) {
		t.Errorf("gone on with before the last fifth: %+v, at once: %+v", again.Figures[1], r.Figures[1])
	}
	c.Data, c.Resume = smears(t, 8, "Benign", "Pre"), false
	fails(t, &c, "--contiguous", "embargo")
}

func TestBenchTrain(t *testing.T) {
	c := benchTrainCmd{Head: "plain", Steps: 2, JSON: true,
		pictures:    pictures{Data: smears(t, 4, "Benign", "Pre"), Init: "random", Size: 32, Seed: 1, Valid: .25},
		recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4)}}
	var b trainTimed
	runs(t, &c, &b)
	if b.Pictures < b.StepPictures || b.StepPictures <= 0 || b.Waiting < 0 || b.Waiting > 1 || b.ShareOfPeak <= 0 || b.Batch != 4 {
		t.Errorf("printed %+v", b)
	}
	c.Steps = 0
	fails(t, &c, "--steps 0")
}

func TestTrainWholeRefuses(t *testing.T) {
	good := smears(t, 4, "Benign", "Pre")
	for _, c := range []struct {
		name   string
		change func(*trainCmd)
		words  []string
	}{
		{"a slice of words", func(c *trainCmd) { c.LRMax = "low:high" }, []string{"--lr-max low:high", "body:head"}},
		{"a rate of zero", func(c *trainCmd) { c.LRMax = "0" }, []string{"--lr-max 0"}},
		{"the paper without its start", func(c *trainCmd) { c.Preset = "paper" }, []string{"--preset paper", "--init"}},
		{"unknown augmentation", func(c *trainCmd) { c.Augment = new("sepia") }, []string{"--augment", "sepia"}},
		{"a batch that no memory holds", func(c *trainCmd) { c.Batch, c.Size = new(1<<20), 1024 }, []string{"--batch 1048576", "would fit"}},
		{"fewer pictures than a batch", func(c *trainCmd) { c.Batch = new(64) }, []string{"batch of 64"}},
		{"resume without a place", func(c *trainCmd) { c.Resume = true }, []string{"--resume", "--out"}},
		{"resume without a checkpoint", func(c *trainCmd) { c.Resume, c.Out = true, filepath.Join(t.TempDir(), "w.safetensors") }, []string{"--resume", "w.checkpoint"}},
		{"a split of other pictures", func(c *trainCmd) { c.Split = filepath.Join(good, "absent.json") }, []string{"absent.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := trainCmd{Head: "plain", pictures: pictures{Data: good, Init: "random", Size: 64, Seed: 1, Valid: .25},
				recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4), Epochs: new(1)}}
			c.change(&cmd)
			fails(t, &cmd, c.words...)
		})
	}
}

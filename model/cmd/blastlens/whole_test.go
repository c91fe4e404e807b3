package main

import (
	"bytes"
	"image/png"
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
	for _, want := range []string{"start weights, not the paper&#39;s: random weights, seed 1", "99.84", "recipe", "Predicted", "finder was not run"} {
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
	// What was trained can be exported and be the start of a head.
	runs(t, &exportCmd{Params: at("w.safetensors"), Size: 64, Out: at("w.onnx")}, nil)

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

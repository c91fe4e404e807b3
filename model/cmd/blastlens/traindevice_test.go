package main

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"blastlens/model/adapt"
	"blastlens/wasm/kernel/kerneltest"
)

var onLavapipe = deviceChoice{"gpu", kerneltest.Lavapipe}

// The whole network is trained on lavapipe as on the processor, record and
// messages name the adapter, and the processor goes on where it ended.
func TestTrainOnGPU(t *testing.T) {
	dir, work := smears(t, 6, "Benign", "Pre"), t.TempDir()
	c := trainCmd{Head: "fastai", Out: filepath.Join(work, "w.safetensors"), JSON: true, trainDevice: trainDevice{Device: onLavapipe, Precision: "float32"},
		pictures:    pictures{Data: dir, Init: "random", Size: 32, Seed: 1, Valid: .34},
		recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4), FreezeEpochs: new(1), Epochs: new(1), LRMax: "1e-3:1e-2"}}
	said := func(c trainCmd) (adapt.Record, string) {
		t.Helper()
		var r adapt.Record
		var human bytes.Buffer
		var out bytes.Buffer
		if err := c.Run(streams{out: &out, err: &human}); err != nil {
			t.Fatalf("%v\n%s", err, human.String())
		}
		r, err := parseRecord("standard output", out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return r, human.String()
	}
	got, text := said(c)
	if !strings.Contains(got.Device, "llvmpipe") || strings.Count(text, got.Device) < 3 || !strings.Contains(text, "GB planned for batches of 4") {
		t.Errorf("record says it was trained on %q, standard error:\n%s", got.Device, text)
	}
	resumed := c
	resumed.Resume, resumed.Device = true, onProcessor
	again, text := said(resumed)
	if !strings.Contains(text, "checkpoint made on "+got.Device) || again.Device != "cpu" || len(again.History) != 2 {
		t.Errorf("gone on with on %q after %+v:\n%s", again.Device, again.History, text)
	}
	cpu := c
	cpu.Device, cpu.Out = onProcessor, ""
	want, text := said(cpu)
	if want.Device != "cpu" || !strings.Contains(text, "training on cpu") {
		t.Errorf("trained on %q:\n%s", want.Device, text)
	}
	// Later, random weights on four pictures of this size double any rounding.
	if e, w := got.History[0], want.History[0]; math.Abs(e.Train-w.Train) > .02*w.Train {
		t.Errorf("first epoch: loss %.5f on the GPU, %.5f on the processor", e.Train, w.Train)
	}
}

func TestBenchTrainOnGPU(t *testing.T) {
	c := benchTrainCmd{Head: "plain", Steps: 1, JSON: true, trainDevice: trainDevice{Device: onLavapipe, Precision: "mixed"},
		pictures:    pictures{Data: smears(t, 4, "Benign", "Pre"), Init: "random", Size: 32, Seed: 1, Valid: .25},
		recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4)}}
	var b trainTimed
	runs(t, &c, &b)
	if !strings.Contains(b.Device, "llvmpipe") || !strings.Contains(b.Device, "mixed precision") || b.Pictures < b.StepPictures || b.StepPictures <= 0 || b.PeakGFLOPS != 0 {
		t.Errorf("printed %+v", b)
	}
}

func TestTrainDeviceRefuses(t *testing.T) {
	good := smears(t, 4, "Benign", "Pre")
	for _, c := range []struct {
		name   string
		change func(*trainCmd)
		words  []string
	}{
		{"no such adapter", func(c *trainCmd) { c.Device = deviceChoice{"gpu", "model 7"} }, []string{"--device", "no GPU", `"model 7"`}},
		{"a batch that the machine does not hold", func(c *trainCmd) { c.Batch, c.Size = new(1<<13), 224 }, []string{"--batch 8192", "llvmpipe", "GB", "a batch of ", "would fit"}},
		{"mixed precision on the processor", func(c *trainCmd) { c.Device, c.Precision = onProcessor, "mixed" }, []string{"--precision mixed", "float32"}},
		{"a head alone", func(c *trainCmd) { c.Frozen = true }, []string{"--frozen", "--device"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := trainCmd{Head: "plain", trainDevice: trainDevice{Device: onLavapipe},
				pictures:    pictures{Data: good, Init: "random", Size: 32, Seed: 1, Valid: .25},
				recipeFlags: recipeFlags{Preset: "blastlens", Batch: new(4), Epochs: new(1)}}
			c.change(&cmd)
			fails(t, &cmd, c.words...)
		})
	}
}

package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"blastlens/build/drawn"
	"blastlens/wasm/kernel/kerneltest"
)

func TestDeviceFlag(t *testing.T) {
	for _, c := range []struct {
		given string
		want  deviceChoice
		says  string
	}{
		{"", deviceChoice{}, ""}, {"auto", deviceChoice{}, ""}, {"cpu", deviceChoice{kind: "cpu"}, ""}, {"gpu", deviceChoice{kind: "gpu"}, ""},
		{"gpu:llvmpipe", deviceChoice{"gpu", "llvmpipe"}, ""}, {"gpu:a:b", deviceChoice{"gpu", "a:b"}, ""},
		{"gpu:", deviceChoice{}, "gpu:NAME"}, {"cpu:1", deviceChoice{}, "gpu:NAME"}, {"auto:x", deviceChoice{}, "gpu:NAME"}, {"tpu", deviceChoice{}, `"tpu"`},
	} {
		var flags struct{ deviceFlag }
		parser, err := kong.New(&flags)
		if err != nil {
			t.Fatal(err)
		}
		var args []string
		if c.given != "" {
			args = []string{"--device", c.given}
		}
		_, err = parser.Parse(args)
		if (err == nil) != (c.says == "") || err != nil && !(strings.Contains(err.Error(), c.says) && strings.Contains(err.Error(), "--device")) {
			t.Errorf("--device %s: %v, want %q", c.given, err, c.says)
		}
		if err == nil && flags.Device != c.want {
			t.Errorf("--device %s is %+v, want %+v", c.given, flags.Device, c.want)
		}
	}
}

// The shipped model on drawn smears, on lavapipe as on the processor.
func TestClassifyOnGPU(t *testing.T) {
	dir := t.TempDir()
	for _, class := range drawn.Classes() {
		if err := drawn.Write(filepath.Join(dir, class+".png"), class, 7, 300); err != nil {
			t.Fatal(err)
		}
	}
	on := map[string][]classified{}
	for _, d := range []deviceChoice{onProcessor, {"gpu", kerneltest.Lavapipe}} {
		lines, said, err := runClassify(t, &classifyCmd{Paths: []string{dir}, Head: "drawn", deviceFlag: deviceFlag{d}})
		if err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		if !strings.Contains(said, "passed its self-test") || !strings.Contains(said, lines[0].RunsOn) {
			t.Errorf("standard error does not name the device:\n%s", said)
		}
		on[d.kind] = lines
	}
	if len(on["gpu"]) == 0 || len(on["gpu"]) != len(on["cpu"]) {
		t.Fatalf("%d and %d lines", len(on["gpu"]), len(on["cpu"]))
	}
	for i, got := range on["gpu"] {
		want := on["cpu"][i]
		if got.Device != "webgpu" || !strings.Contains(got.RunsOn, kerneltest.Lavapipe) || want.Device != "cpu" {
			t.Errorf("%s: on %s (%s) and %s", got.File, got.Device, got.RunsOn, want.Device)
		}
		if got.Class != want.Class || math.Abs(got.Probabilities[got.Class]-want.Probabilities[got.Class]) > 1e-3 {
			t.Errorf("%s: %s %v, on the processor %s %v", got.File, got.Class, got.Probabilities, want.Class, want.Probabilities)
		}
		kerneltest.Equal(t, got.Logits, want.Logits, kerneltest.GPU)
	}
}

func TestEvaluateOnGPU(t *testing.T) {
	var r evaluated
	runs(t, &evaluateCmd{Data: tints(t, 4), Model: tintModel(t), Split: "all", JSON: true, deviceFlag: deviceFlag{deviceChoice{"gpu", kerneltest.Lavapipe}}}, &r)
	if r.Device != "webgpu" || !strings.Contains(r.RunsOn, kerneltest.Lavapipe) || r.Judged != 12 {
		t.Errorf("%d judged on %s (%s)", r.Judged, r.Device, r.RunsOn)
	}
}

func TestBenchOnGPU(t *testing.T) {
	var r benched
	runs(t, &benchCmd{Runs: 1, JSON: true, deviceFlag: deviceFlag{deviceChoice{"gpu", kerneltest.Lavapipe}}}, &r)
	if len(r.Runs) != 1 || r.Runs[0].MS <= 0 || !strings.Contains(r.GPU, kerneltest.Lavapipe) {
		t.Errorf("%+v", r)
	}
}

// A GPU that is not there: gpu fails and says so, auto goes on.
func TestGPUThatIsNotThere(t *testing.T) {
	model := tintModel(t)
	lone := writeIn(t, t.TempDir(), "lone.png", pngOf(t, blue))
	missing := deviceChoice{"gpu", "no such adapter"}
	if _, _, err := runClassify(t, &classifyCmd{Model: model, Paths: []string{lone}, deviceFlag: deviceFlag{missing}}); err == nil || !strings.Contains(err.Error(), "--device") || !strings.Contains(err.Error(), "no such adapter") {
		t.Errorf("error %v, want one that names --device and the adapter", err)
	}
	missing.kind = "" // auto, but with the same GPU
	lines, said, err := runClassify(t, &classifyCmd{Model: model, Paths: []string{lone}, deviceFlag: deviceFlag{missing}})
	if err != nil || len(lines) != 1 || lines[0].Device != "cpu" {
		t.Errorf("%+v, %v; want an answer of the processor", lines, err)
	}
	if !strings.Contains(said, "no such adapter") || !strings.Contains(said, "CPU passed its self-test") {
		t.Errorf("standard error does not say why it is the processor:\n%s", said)
	}
}

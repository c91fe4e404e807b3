package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"blastlens/model/adapt"
	"blastlens/model/net"
	"blastlens/model/net/load"
)

func TestSummary(t *testing.T) {
	p := net.InitRandom(net.Plain, 4, 1)
	delete(p, "classifier.bias")
	p["surplus"] = p["bn1.weight"]
	headless := weights(t, p)
	delete(p, "blocks.3.1.bn2.weight")
	bodiless := weights(t, p)

	var got struct {
		Parameters, Frozen int
		Trainable          int `json:"trainable_frozen"`
		Init               *load.Report
	}
	runs(t, &summaryCmd{Head: "fastai", Classes: 4, Size: 224, JSON: true}, &got)
	if got.Parameters != 12278312 || got.Trainable != 1669376 || got.Frozen != 10608936 || got.Init != nil {
		t.Errorf("summary %+v, want the paper's three counts and no word of a file", got)
	}
	runs(t, &summaryCmd{Head: "plain", Classes: 4, Size: 224, Init: headless, JSON: true}, &got)
	if r := got.Init; r == nil || r.Head || !slices.Equal(r.Missing, []string{"classifier.bias"}) || !slices.Equal(r.Extra, []string{"surplus"}) {
		t.Errorf("report %+v, want classifier.bias missing and surplus extra", r)
	}
	fails(t, &summaryCmd{Head: "plain", Classes: 4, Size: 224, Init: bodiless}, "--init", "blocks.3.1.bn2.weight")
	fails(t, &summaryCmd{Head: "plain", Classes: 0, Size: 224}, "--classes 0")
}

// weights writes p as safetensors.
func weights(t *testing.T, p net.Params) string {
	t.Helper()
	var file bytes.Buffer
	if err := adapt.WriteSafetensors(&file, p, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b3.safetensors")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

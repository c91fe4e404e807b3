package figures

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

func TestConfusionMatrices(t *testing.T) {
	four := []string{"Benign", "Early", "Pre", "Pro"}
	before := Confusion{"before: 0.2500 (0.0694 to 0.4750)", four, [][]int{{10, 0, 0, 0}, {7, 0, 3, 0}, {5, 2, 0, 3}, {0, 0, 0, 0}}}
	after := Confusion{"after: 0.8500 (0.7400 to 0.9433)", four[:3], [][]int{{9, 1, 0}, {2, 8, 0}, {0, 1, 9}}}
	title := "Answers to 30 held-out pictures\nbalanced accuracy in brackets its 95 % interval"
	both, err := ConfusionMatrices(title, before, after)
	look(t, "confusions", both, err)
	// Two classes are narrower than what stands above them.
	after.Classes, after.Counts = []string{"A", "B"}, [][]int{{9, 1}, {2, 8}}
	one, err := ConfusionMatrices(title+", in a line that is long", after)
	look(t, "confusions-one", one, err)
	size := func(file []byte) (w, h int) {
		config, err := png.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		return config.Width, config.Height
	}
	wide, high := size(both)
	narrow, low := size(one)
	if wide < 3*narrow/2 || high <= low {
		t.Errorf("two matrices of 4 and 3 classes are %d x %d, one of 2 is %d x %d", wide, high, narrow, low)
	}

	if _, err := ConfusionMatrices("x"); err == nil || !strings.Contains(err.Error(), "no confusion matrix") {
		t.Errorf("error %v of no matrix", err)
	}
	after.Counts[1] = after.Counts[1][:1]
	if _, err := ConfusionMatrices("x", before, after); err == nil || !strings.Contains(err.Error(), "after: 0.85") || !strings.Contains(err.Error(), "row B has 1 columns") {
		t.Errorf("error %v, want one that names the matrix and its row", err)
	}
}

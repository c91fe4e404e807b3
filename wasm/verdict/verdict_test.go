package verdict_test

import (
	"errors"
	"math"
	"testing"

	"blastlens/wasm/verdict"
)

var classes = []verdict.Class{
	{Title: "Benign (hematogones)", Group: "benign"},
	{Title: "Early pre-B ALL", Group: "malignant"},
	{Title: "ALL, not further named", Group: "benign"},
}

func TestOf(t *testing.T) {
	tests := []struct {
		name          string
		logits        []float32
		demonstration bool
		class         int
		statement     string
	}{
		{"malignant", []float32{-1, 2, 0}, false, 1, "Morphology suggestive of Early pre-B ALL"},
		{"benign", []float32{3, 2, 0}, false, 0, "Morphology suggestive of benign (hematogones)"},
		{"an abbreviation keeps its capitals", []float32{3, 2, 9}, false, 2, "Morphology suggestive of ALL, not further named"},
		{"demonstration", []float32{-1, 2, 0}, true, 1, "Demonstration, drawn pictures: morphology suggestive of Early pre-B ALL"},
		{"equal logits", []float32{1, 1, 1}, false, 0, "Morphology suggestive of benign (hematogones)"},
		{"far beyond exp's range", []float32{-3e38, 3e38, 1000}, false, 1, "Morphology suggestive of Early pre-B ALL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := verdict.Of(tt.logits, classes, tt.demonstration)
			if err != nil {
				t.Fatal(err)
			}
			if v.Class != tt.class || v.Statement != tt.statement {
				t.Errorf("class %d, %q; want %d, %q", v.Class, v.Statement, tt.class, tt.statement)
			}
			var sum float64
			for _, p := range v.Probabilities {
				sum += p
				if p > v.Probabilities[v.Class] || p < 0 {
					t.Errorf("probabilities %v", v.Probabilities)
				}
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("probabilities sum to %v", sum)
			}
		})
	}
}

func TestSoftmax(t *testing.T) {
	// e^0 : e^ln2 : e^ln3 = 1 : 2 : 3; adding a constant changes nothing.
	for _, shift := range []float32{0, 80, -80} {
		p := verdict.Softmax([]float32{shift, float32(math.Ln2) + shift, float32(math.Log(3)) + shift})
		for i, want := range []float64{1. / 6, 2. / 6, 3. / 6} {
			if math.Abs(p[i]-want) > 1e-5 {
				t.Errorf("shift %v: probability %d is %v, want %v", shift, i, p[i], want)
			}
		}
	}
}

func TestNoVerdict(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, logits := range [][]float32{{nan, 0, 1}, {0, 1, nan}, {inf, 0, 0}, {0, -inf, 0}} {
		if v, err := verdict.Of(logits, classes, false); !errors.Is(err, verdict.ErrNotFinite) || v.Statement != "" {
			t.Errorf("%v: %q, %v", logits, v.Statement, err)
		}
	}
	for _, logits := range [][]float32{nil, {1, 2}, {1, 2, 3, 4}} {
		if _, err := verdict.Of(logits, classes, false); err == nil {
			t.Errorf("%d logits for %d classes were taken", len(logits), len(classes))
		}
	}
	if _, err := verdict.Of(nil, nil, false); err == nil {
		t.Error("no logits for no classes were taken")
	}
}

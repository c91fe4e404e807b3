package figures

import (
	"image/color"
	"strings"
	"testing"
)

func TestConfusionMatrix(t *testing.T) {
	file, err := ConfusionMatrix("Confusion matrix", []string{"Benign", "Early", "Pre", "Pro"},
		[][]int{{94, 7, 1, 0}, {3, 190, 2, 0}, {0, 1, 188, 4}, {0, 0, 0, 166}})
	look(t, "confusion", file, err)
	file, err = ConfusionMatrix("Long names, and a class without pictures", []string{"Benign (hematogones)", "Early pre-B ALL", "Pro-B ALL"},
		[][]int{{1204, 7, 101}, {3, 1190, 2}, {0, 0, 0}})
	look(t, "confusion-long", file, err)
	for want, counts := range map[string][][]int{
		"1 rows for 2":      {{1, 2}},
		"row b has 1 colum": {{1, 2}, {1}},
	} {
		if _, err := ConfusionMatrix("x", []string{"a", "b"}, counts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %q", err, want)
		}
	}
}

func TestShadeEndsInInk(t *testing.T) {
	if got := shade(1); got != ink[0] {
		t.Errorf("a full share is %v, want %v", got, ink[0])
	}
	if got := shade(0).(color.RGBA); got.R < 0xf0 || got.G < 0xf0 || got.B < 0xf0 {
		t.Errorf("no share is %v, want nearly white", got)
	}
}

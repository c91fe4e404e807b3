package figures

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// look writes a figure where a person may look at it, below build/work,
// and wants a picture that is not one flat colour.
func look(t *testing.T, name string, file []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[any]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			colours[img.At(x, y)] = true
		}
	}
	if len(colours) < 5 {
		t.Errorf("%s has %d colours: nothing was drawn", name, len(colours))
	}
	dir := filepath.Join("..", "..", "build", "work", "figures")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), file, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBars(t *testing.T) {
	file, err := Bars("Pictures a class", "pictures", []string{"Benign", "Early", "Pre", "Pro"}, []int{398, 807, 787, 652})
	look(t, "bars", file, err)
	file, err = Bars("Long names", "pictures", []string{"Benign (hematogones)", "Early pre-B ALL", "Reactive lymphocytes", "Pro-B ALL"}, []int{3, 0, 14, 9})
	look(t, "bars-long", file, err)
	if _, err := Bars("x", "y", []string{"a"}, nil); err == nil {
		t.Error("a name without a count was drawn")
	}
}

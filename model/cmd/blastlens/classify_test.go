package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/engine/enginetest"
)

// tintModel writes a small model that tells the tint of a picture, with its
// manifest, and returns the model's path.
func tintModel(t *testing.T) string {
	t.Helper()
	file, m := enginetest.Model(t, nil)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	writeIn(t, folder, "means.json", text)
	return writeIn(t, folder, "means.blm", file)
}

func writeIn(t *testing.T, folder, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func tinted(c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 90, 70))
	for i := range 90 * 70 {
		img.Set(i%90, i/90, c)
	}
	return img
}

var (
	red   = tinted(color.NRGBA{220, 120, 120, 255})
	green = tinted(color.NRGBA{120, 220, 120, 255})
	blue  = tinted(color.NRGBA{120, 120, 220, 255})
)

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// runClassify returns the JSON lines, and what went to standard error.
func runClassify(t *testing.T, c *classifyCmd) ([]classified, string, error) {
	t.Helper()
	var out, said bytes.Buffer
	c.JSON = true
	err := c.Run(streams{out: &out, err: &said})
	var lines []classified
	for _, text := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if text == "" {
			continue
		}
		for _, key := range []string{"file", "class", "probabilities", "refused", "reason", "ms"} {
			if !strings.Contains(text, `"`+key+`":`) {
				t.Errorf("%s lacks the key %s", text, key)
			}
		}
		var line classified
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		lines = append(lines, line)
	}
	return lines, said.String(), err
}

func TestClassify(t *testing.T) {
	model, folder := tintModel(t), t.TempDir()
	var want []string
	for i := range 30 { // more than there are cores, so that order is at stake
		img, class := []image.Image{red, green, blue}[i%3], []string{"Red", "Green", "Blue"}[i%3]
		writeIn(t, folder, fmt.Sprintf("%02d/field.png", i), pngOf(t, img))
		want = append(want, class)
	}
	writeIn(t, folder, ".hidden/a.txt", []byte("x"))
	writeIn(t, folder, "00/.DS_Store", []byte("x"))
	lone := writeIn(t, t.TempDir(), "lone.jpg", jpegOf(t, green))
	lines, said, err := runClassify(t, &classifyCmd{Model: model, Paths: []string{lone, folder}})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 31 || lines[0].File != lone || lines[0].Class != "Green" {
		t.Fatalf("%d lines, the first %+v", len(lines), lines[0])
	}
	for i, line := range lines[1:] {
		if line.File != filepath.Join(folder, fmt.Sprintf("%02d", i), "field.png") || line.Class != want[i] || line.Refused {
			t.Errorf("line %d: %+v, want %s", i, line, want[i])
		}
		// one logit of (220/255-0.5)/0.25, two of (120/255-0.5)/0.25
		top, rest := math.Exp(4*(220./255-0.5)), math.Exp(4*(120./255-0.5))
		if p := line.Probabilities[line.Class]; math.Abs(p-top/(top+2*rest)) > 1e-3 || len(line.Probabilities) != 3 {
			t.Errorf("line %d: probabilities %v, want %.4f", i, line.Probabilities, top/(top+2*rest))
		}
	}
	if lines[0].Statement != "Morphology suggestive of green (spring)" {
		t.Errorf("statement %q", lines[0].Statement)
	}
	if !strings.Contains(said, "31 pictures, 0 refused") || !strings.Contains(said, "not a medical device") {
		t.Errorf("standard error: %s", said)
	}
}

func TestClassifyHead(t *testing.T) {
	model := tintModel(t)
	lone := writeIn(t, t.TempDir(), "lone.png", pngOf(t, blue))
	lines, _, err := runClassify(t, &classifyCmd{Model: model, Head: "drawn", Paths: []string{lone}})
	if err != nil || len(lines) != 1 || lines[0].Class != "Light" || !lines[0].Demonstration || !strings.HasPrefix(lines[0].Statement, "Demonstration, drawn pictures:") {
		t.Errorf("%+v, %v", lines, err)
	}
}

// Bad input: each is named and told what is wrong, and the good ones between
// them are read.
func TestClassifyBadInput(t *testing.T) {
	model, folder := tintModel(t), t.TempDir()
	good, whole := pngOf(t, red), jpegOf(t, blue)
	header := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 2, 0, 0, 0, 1, 2, 3, 4)
	deep := image.NewNRGBA64(image.Rect(0, 0, 80, 80))
	cmyk, err := os.ReadFile("../../../wasm/intake/testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	progressive, err := os.ReadFile("../../../wasm/intake/testdata/progressive.jpg")
	if err != nil {
		t.Fatal(err)
	}
	progressive = append(progressive[:bytes.LastIndex(progressive, []byte("\xff\xda"))], "\xff\xd9"...)
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
	turned := append([]byte("\xff\xd8\xff\xe1\x00"), byte(2+len(exif)))
	turned = append(append(turned, exif...), whole[2:]...)

	tests := []struct {
		name string
		data []byte // nil: made below
		says string // "" if it is read
	}{
		{"a good.png", good, ""},
		{"b text.jpg", []byte("not a picture at all"), "not a picture"},
		{"c empty.png", []byte{}, "empty"},
		{"d truncated.jpg", whole[:len(whole)-20], "before its end"},
		{"e missing scans.jpg", progressive, "lacks scans"},
		{"f huge.png", header, "30000 x 30000"},
		{"g deep.png", pngOf(t, deep), "16 bits"},
		{"h cmyk.jpg", cmyk, "CMYK"},
		{"i turned.jpg", turned, ""},
		{"j dangling.png", nil, "no such file"},
		{"k folder.png", nil, "link to a folder"},
		{"l good.jpg", whole, ""},
	}
	for _, tt := range tests {
		if tt.data != nil {
			writeIn(t, folder, tt.name, tt.data)
		}
	}
	for name, target := range map[string]string{"j dangling.png": "nowhere", "k folder.png": t.TempDir()} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	absent, bare := filepath.Join(t.TempDir(), "absent.jpg"), t.TempDir()
	lines, said, err := runClassify(t, &classifyCmd{Model: model, Paths: []string{folder, absent, bare}})
	if !errors.Is(err, errSomeRefused) {
		t.Errorf("%v, want %v", err, errSomeRefused)
	}
	if len(lines) != len(tests)+2 {
		t.Fatalf("%d lines, want %d", len(lines), len(tests)+2)
	}
	for i, tt := range tests {
		line := lines[i]
		if filepath.Base(line.File) != tt.name {
			t.Errorf("line %d is about %s, want %s", i, line.File, tt.name)
		}
		if refused := tt.says != ""; line.Refused != refused || (line.Class == "") != refused || !strings.Contains(line.Reason, tt.says) {
			t.Errorf("%s: %+v, want a reason with %q", tt.name, line, tt.says)
		}
	}
	if notes := strings.Join(lines[8].Notes, ""); !strings.Contains(notes, "(6)") {
		t.Errorf("turned by EXIF: notes %q", notes)
	}
	for i, says := range []string{"no such file", "no files"} {
		if line := lines[len(tests)+i]; !line.Refused || !strings.Contains(line.Reason, says) {
			t.Errorf("%+v, want a reason with %q", line, says)
		}
	}
	if !strings.Contains(said, "14 pictures, 11 refused") {
		t.Errorf("standard error: %s", said)
	}
}

func TestClassifyTable(t *testing.T) {
	model, folder := tintModel(t), t.TempDir()
	writeIn(t, folder, "good.png", pngOf(t, red))
	writeIn(t, folder, "text.png", []byte("text"))
	var out, said bytes.Buffer
	err := (&classifyCmd{Model: model, Paths: []string{folder}}).Run(streams{out: &out, err: &said})
	if !errors.Is(err, errSomeRefused) {
		t.Errorf("%v, want %v", err, errSomeRefused)
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(rows) != 3 || strings.Index(rows[0], "VERDICT") != strings.Index(rows[1], "Morphology suggestive of Red smear") || strings.Index(rows[2], "refused") != strings.Index(rows[0], "VERDICT") {
		t.Errorf("not a table:\n%s", out.String())
	}
}

func TestClassifyBadModel(t *testing.T) {
	picture := writeIn(t, t.TempDir(), "a.png", pngOf(t, red))
	flip := func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-3] ^= 4
		writeIn(t, filepath.Dir(path), filepath.Base(path), data)
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, model string)
		want  error
	}{
		{"one flipped byte", flip, bundle.ErrCorrupt},
		{"no manifest", func(t *testing.T, model string) { os.Remove(strings.TrimSuffix(model, "blm") + "json") }, os.ErrNotExist},
		{"no model", func(t *testing.T, model string) { os.Remove(model) }, os.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := tintModel(t)
			tt.spoil(t, model)
			lines, _, err := runClassify(t, &classifyCmd{Model: model, Paths: []string{picture}})
			if !errors.Is(err, tt.want) || len(lines) != 0 {
				t.Errorf("%d lines, %v; want %v", len(lines), err, tt.want)
			}
			if !strings.Contains(err.Error(), "means.") {
				t.Errorf("%q does not name the file", err)
			}
		})
	}
	t.Run("no such head", func(t *testing.T) {
		lines, _, err := runClassify(t, &classifyCmd{Model: tintModel(t), Head: "other", Paths: []string{picture}})
		if !errors.Is(err, engine.ErrNoHead) || len(lines) != 0 {
			t.Errorf("%d lines, %v; want %v", len(lines), err, engine.ErrNoHead)
		}
	})
}

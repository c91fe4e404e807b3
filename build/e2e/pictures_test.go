package e2e

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blastlens/build/drawn"
)

// drawSmears writes n drawn fields of each class at the training size, and one
// larger field that must be scaled.
func drawSmears(t testing.TB, dir string, n int) []string {
	t.Helper()
	var files []string
	add := func(class string, seed uint64, size int) {
		picture, err := drawn.Draw(class, seed, size)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 92}); err != nil {
			t.Fatal(err)
		}
		files = append(files, write(t, dir, strings.ToLower(class)+string(rune('0'+len(files)%10))+".jpg", b.Bytes()))
	}
	for _, class := range drawn.Classes() {
		for i := range n {
			add(class, uint64(9000+i), 224)
		}
	}
	add(drawn.Classes()[1], 77, 500)
	return files
}

// badPictures writes files that must be refused, each for another reason.
func badPictures(t *testing.T, dir string) []string {
	t.Helper()
	field, err := drawn.Draw(drawn.Classes()[0], 5, 224)
	if err != nil {
		t.Fatal(err)
	}
	var whole, deep bytes.Buffer
	if err := jpeg.Encode(&whole, field, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&deep, image.NewRGBA64(image.Rect(0, 0, 224, 224))); err != nil {
		t.Fatal(err)
	}
	return []string{
		write(t, dir, "empty.jpg", nil),
		write(t, dir, "letter.jpg", []byte("Dear colleague, please find attached the smear.")),
		write(t, dir, "truncated.jpg", whole.Bytes()[:whole.Len()*2/3]),
		write(t, dir, "sixteen-bit.png", deep.Bytes()),
		write(t, dir, "enormous.png", pngHeader(30000, 30000)),
	}
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// pngHeader is a PNG that promises w x h pixels and then ends.
func pngHeader(w, h uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/andybalholm/brotli"
)

// compile builds a main package for the tab.
func (d *dist) compile(name, pkg, experiment string) ([]byte, error) {
	out, err := filepath.Abs(filepath.Join(d.work, name))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = d.root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOEXPERIMENT="+experiment)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return os.ReadFile(out)
}

// compress writes brotli and gzip beside every file that shrinks by it. Work
// done before is kept by content, so that a second build is quick.
func (d *dist) compress() error {
	for i := range d.assets {
		a := &d.assets[i]
		switch path.Ext(a.File) {
		case ".jpg", ".png", ".webp": // compressed already
			continue
		}
		data, err := os.ReadFile(filepath.Join(d.out, filepath.FromSlash(a.File)))
		if err != nil {
			return err
		}
		for _, e := range []struct {
			suffix string
			bytes  *int64
			encode func([]byte) ([]byte, error)
		}{{".br", &a.Brotli, d.brotli}, {".gz", &a.Gzip, gzipped}} {
			kept := filepath.Join(d.work, fmt.Sprintf("%s-%d%s", a.SHA256, d.quality, e.suffix))
			small, err := os.ReadFile(kept)
			if err != nil {
				if small, err = e.encode(data); err != nil {
					return fmt.Errorf("%s%s: %w", a.File, e.suffix, err)
				}
				if err := os.WriteFile(kept, small, 0o644); err != nil {
					return err
				}
			}
			if len(small) >= len(data) {
				continue
			}
			*e.bytes = int64(len(small))
			if err := os.WriteFile(filepath.Join(d.out, filepath.FromSlash(a.File)+e.suffix), small, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dist) brotli(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, d.quality)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err := w.Close() // before Bytes: it writes the end
	return b.Bytes(), err
}

func gzipped(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close() // before Bytes: it writes the end
	return b.Bytes(), err
}

package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/andybalholm/brotli"

	"blastlens/web"
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

// compress writes brotli and gzip beside every file that shrinks by it, as many
// files at a time as there are cores.
func (d *dist) compress() error {
	var wait sync.WaitGroup
	errs, free := make([]error, len(d.assets)), make(chan struct{}, runtime.NumCPU())
	for i := range d.assets {
		wait.Go(func() {
			free <- struct{}{}
			errs[i] = d.compressOne(&d.assets[i])
			<-free
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// compressOne keeps work done before by content, so that a second build is quick.
func (d *dist) compressOne(a *web.Asset) error {
	switch path.Ext(a.File) {
	case ".jpg", ".png", ".webp": // compressed already
		return nil
	}
	data, err := os.ReadFile(filepath.Join(d.out, filepath.FromSlash(a.File)))
	if err != nil {
		return err
	}
	quality := d.quality
	if a.Path == d.engine || a.Path == d.scalar {
		quality = brotli.BestCompression // a tenth less on each first visit, for some seconds here
	}
	for _, e := range []struct {
		suffix string
		bytes  *int64
		encode func([]byte) ([]byte, error)
	}{
		{".br", &a.Brotli, func(data []byte) ([]byte, error) { return brotlied(data, quality) }},
		{".gz", &a.Gzip, gzipped},
	} {
		kept := filepath.Join(d.work, fmt.Sprintf("%s-%d%s", a.SHA256, quality, e.suffix))
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
	return nil
}

func brotlied(data []byte, quality int) ([]byte, error) {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, quality)
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

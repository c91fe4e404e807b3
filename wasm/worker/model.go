package main

import (
	"errors"
	"fmt"
	"strings"

	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/fields"
	"blastlens/wasm/wire"
)

// store is where model files come from, and the browser's cache that keeps
// them for the next visit and for being offline.
type store interface {
	// Text downloads a small file, of limit bytes at most.
	Text(url string, limit int64) ([]byte, error)
	// Fetch begins a download of as many bytes as the server has, size at most;
	// with more the file fails. told is how many are here so far.
	Fetch(url string, size int64, told func(done int64)) (bundle.File, error)
	// Cached returns nil where nothing is kept under key.
	Cached(key string) bundle.File
	// Keep stores what Fetch returned under key and lets go of everything else.
	Keep(key string, file bundle.File) error
	// Release lets go of the bytes of a file that is kept under key; where they are
	// wanted after all, it brings them back.
	Release(key string, file bundle.File)
	Drop(key string)
}

const (
	maxManifest = 64 << 10
	maxModel    = 256 << 20
)

var errManifest = errors.New("not a usable manifest")

// loaded is a model that answers.
type loaded struct {
	engine   *engine.Engine
	manifest bundle.Manifest
	notes    []string     // what the reader should know although it worked
	keep     func() error // stores the model for the next visit; nil: it is stored
}

// loadModel brings the model that the manifest at url names, from the cache if
// it is there whole, and starts an engine on it as options have it.
func loadModel(s store, url string, options engine.Options, report func(stage string, done, total int64)) (l loaded, err error) {
	m, err := manifest(s, url)
	if err != nil {
		return loaded{}, err
	}
	l.manifest = m
	address, key := addresses(url, m)
	options.Progress = func(stage engine.Stage) { report(string(stage), 0, 0) }
	if file := s.Cached(key); file != nil {
		report(wire.StageDownload, file.Size(), m.Bytes)
		l.engine, err = engine.Load(file, m, options)
		if !errors.Is(err, bundle.ErrCorrupt) {
			if err == nil {
				s.Release(key, file)
			}
			return l, err
		}
		s.Drop(key)
		l.notes = append(l.notes, "the kept copy of the model was damaged and has been downloaded again")
	}
	report(wire.StageDownload, 0, m.Bytes)
	file, err := s.Fetch(address, m.Bytes, func(done int64) { report(wire.StageDownload, done, m.Bytes) })
	if err != nil {
		return loaded{}, fmt.Errorf("model %s: %w", address, err)
	}
	if l.engine, err = engine.Load(file, m, options); err != nil {
		return loaded{}, err
	}
	l.keep = func() error {
		if err := s.Keep(key, file); err != nil {
			return err
		}
		s.Release(key, file)
		return nil
	}
	return l, nil
}

func manifest(s store, url string) (m bundle.Manifest, err error) {
	data, err := s.Text(url, maxManifest)
	if err != nil {
		return m, fmt.Errorf("manifest %s: %w", url, err)
	}
	if err := fields.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("manifest %s: %w: %w", url, errManifest, err)
	}
	switch {
	case m.File == "" || strings.ContainsAny(m.File, `/\:?#`):
		err = fmt.Errorf("file %q, want a plain name", m.File)
	case m.Bytes <= 0 || m.Bytes > maxModel:
		err = fmt.Errorf("%d bytes, want 1 to %d", m.Bytes, maxModel)
	case len(m.SHA256) != 64:
		err = fmt.Errorf("sha256 %q, want 64 hex digits", m.SHA256)
	default:
		return m, nil
	}
	return m, fmt.Errorf("manifest %s: %w: %w", url, errManifest, err)
}

// addresses returns where the bundle of a manifest lies, beside it, and the
// name under which the cache keeps it, which its hash is part of.
func addresses(manifestURL string, m bundle.Manifest) (address, key string) {
	folder := manifestURL
	if i := strings.IndexAny(folder, "?#"); i >= 0 {
		folder = folder[:i]
	}
	folder = folder[:strings.LastIndexByte(folder, '/')+1]
	address = folder + m.File
	return address, address + "?sha256=" + strings.ToLower(m.SHA256)
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/wire"
)

// store is where model files come from, and the browser's cache that keeps
// them for the next visit and for being offline.
type store interface {
	// Fetch downloads; told how many bytes are here so far. limit is the most
	// that it may return.
	Fetch(url string, limit int64, told func(done int64)) ([]byte, error)
	// Cached returns nil where nothing is kept under key.
	Cached(key string) []byte
	// Keep stores data under key and lets go of everything else.
	Keep(key string, data []byte) error
	Drop(key string)
}

const (
	maxManifest = 64 << 10
	maxModel    = 256 << 20
)

var errManifest = errors.New("not a usable manifest")

// loadModel brings the model that the manifest at url names, from the cache if
// it is there whole, and starts an engine on it. notes is what the reader
// should know although it worked.
func loadModel(s store, url string, candidates []engine.Candidate, report func(stage string, done, total int64)) (e *engine.Engine, m bundle.Manifest, notes []string, err error) {
	m, err = manifest(s, url)
	if err != nil {
		return nil, m, nil, err
	}
	address, key := addresses(url, m)
	options := engine.Options{Candidates: candidates, Progress: func(stage engine.Stage) { report(string(stage), 0, 0) }}
	if data := s.Cached(key); data != nil {
		report(wire.StageDownload, int64(len(data)), m.Bytes)
		e, err := engine.Load(data, m, options)
		if !errors.Is(err, bundle.ErrCorrupt) {
			return e, m, nil, err
		}
		s.Drop(key)
		notes = append(notes, "the kept copy of the model was damaged and has been downloaded again")
	}
	report(wire.StageDownload, 0, m.Bytes)
	data, err := s.Fetch(address, m.Bytes, func(done int64) { report(wire.StageDownload, done, m.Bytes) })
	if err != nil {
		return nil, m, notes, fmt.Errorf("model %s: %w", address, err)
	}
	e, err = engine.Load(data, m, options)
	if err != nil {
		return nil, m, notes, err
	}
	if err := s.Keep(key, data); err != nil {
		notes = append(notes, "the model could not be kept for offline use: "+err.Error())
	}
	return e, m, notes, nil
}

func manifest(s store, url string) (m bundle.Manifest, err error) {
	data, err := s.Fetch(url, maxManifest, func(int64) {})
	if err != nil {
		return m, fmt.Errorf("manifest %s: %w", url, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
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

// Package web embeds what the server hosts: the built page, its engine and the
// packed model. Build it with `make build`; a fresh clone has only .gitkeep.
package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Index names the file of Dist that lists all others.
const Index = "assets.json"

// Asset is one file of the built page.
type Asset struct {
	Path      string `json:"path"` // as requested, e.g. /engine/engine.1f2e3d4c.wasm
	File      string `json:"file"` // in Dist
	Type      string `json:"type"` // Content-Type
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`              // hex, of the identity encoding
	Immutable bool   `json:"immutable,omitempty"` // its name has its hash
	Brotli    int64  `json:"brotli,omitempty"`    // bytes of File + ".br", 0 where there is none
	Gzip      int64  `json:"gzip,omitempty"`      // bytes of File + ".gz", 0 where there is none
}

// Assets is the list of all files, and their version by content.
type Assets struct {
	Version string  `json:"version"`
	Assets  []Asset `json:"assets"`
}

// Dist is the built page's file tree.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: web: " + err.Error()) // the embed directive guarantees the folder
	}
	return sub
}

// Read returns the list of a built page's files.
func Read(dist fs.FS) (Assets, error) {
	var a Assets
	text, err := fs.ReadFile(dist, Index)
	if err != nil {
		return a, fmt.Errorf("web: the page is not built (%w): run `make build`", err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("web: %s: %w", Index, err)
	}
	if len(a.Assets) == 0 {
		return a, fmt.Errorf("web: %s lists no files: run `make build`", Index)
	}
	return a, nil
}

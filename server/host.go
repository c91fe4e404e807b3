package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"blastlens/web"
)

// policy is the content security policy: nothing from elsewhere, nothing inline.
// 'wasm-unsafe-eval' allows compiling WASM and no script.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Host answers GET and HEAD for the built page's files. Everything it may send
// is in memory, in a table by path: there is no path that it could be led to.
type Host struct {
	version string
	files   map[string]*file
}

// file is an asset in the encodings that were built.
type file struct {
	web.Asset
	identity, brotli, gzip []byte
}

// NewHost loads a built page; a listed file that is missing or has another
// length is an error.
func NewHost(dist fs.FS) (*Host, error) {
	list, err := web.Read(dist)
	if err != nil {
		return nil, err
	}
	h := &Host{version: list.Version, files: map[string]*file{}}
	for _, a := range list.Assets {
		f := &file{Asset: a}
		for _, part := range []struct {
			suffix string
			bytes  int64
			into   *[]byte
		}{{"", a.Bytes, &f.identity}, {".br", a.Brotli, &f.brotli}, {".gz", a.Gzip, &f.gzip}} {
			if part.suffix != "" && part.bytes == 0 {
				continue
			}
			data, err := fs.ReadFile(dist, a.File+part.suffix)
			if err != nil {
				return nil, fmt.Errorf("%s: %w: run `make build`", a.Path, err)
			}
			if int64(len(data)) != part.bytes {
				return nil, fmt.Errorf("%s%s has %d bytes, want %d: run `make build`", a.Path, part.suffix, len(data), part.bytes)
			}
			*part.into = data
		}
		h.files[a.Path] = f
	}
	if h.files["/"] == nil {
		return nil, fmt.Errorf("%s lists no page /: run `make build`", web.Index)
	}
	return h, nil
}

// Version is the hash over all files.
func (h *Host) Version() string { return h.version }

func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Embedder-Policy", "require-corp")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/healthz" {
		head.Set("Content-Type", "application/json")
		head.Set("Cache-Control", "no-store")
		fmt.Fprintf(w, "{\"status\":\"ok\",\"version\":%q}\n", h.version)
		return
	}
	f := h.files[r.URL.Path]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	encoding, body := f.encode(r.Header.Get("Accept-Encoding"))
	tag := `"` + f.SHA256[:32]
	head := w.Header()
	head.Set("Content-Type", f.Type)
	head.Set("Cache-Control", "no-cache")
	if f.Immutable {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if f.brotli != nil || f.gzip != nil {
		head.Add("Vary", "Accept-Encoding")
	}
	if encoding != "" {
		head.Set("Content-Encoding", encoding)
		tag += "-" + encoding // another encoding is another representation (RFC 9110, 8.8.3)
	}
	head.Set("ETag", tag+`"`)
	if path.Base(f.Path) == "app-worker.js" {
		head.Set("Service-Worker-Allowed", "/")
	}
	if matches(r.Header.Get("If-None-Match"), tag+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = bytes.NewReader(body).WriteTo(w) // the reader has gone: nobody is left to tell
}

// encode picks the smallest encoding that the request accepts.
func (f *file) encode(accept string) (string, []byte) {
	accepts := accepted(accept)
	switch {
	case f.brotli != nil && slices.Contains(accepts, "br"):
		return "br", f.brotli
	case f.gzip != nil && slices.Contains(accepts, "gzip"):
		return "gzip", f.gzip
	}
	return "", f.identity
}

// accepted lists the codings of an Accept-Encoding whose weight is not zero.
func accepted(header string) []string {
	var all []string
	for item := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
		if value, ok := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q="); ok {
			if q, err := strconv.ParseFloat(value, 64); err != nil || q <= 0 {
				continue
			}
		}
		all = append(all, strings.ToLower(strings.TrimSpace(coding)))
	}
	return all
}

// matches says whether If-None-Match names the tag (weak comparison).
func matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == "*" || item == tag {
			return true
		}
	}
	return false
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"blastlens/web"
)

const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// page is a built page of four files.
func page(t testing.TB) fs.FS {
	t.Helper()
	tree := fstest.MapFS{}
	add := func(path, file, kind, body string, immutable, compressed bool) web.Asset {
		a := web.Asset{Path: path, File: file, Type: kind, Bytes: int64(len(body)), SHA256: sum, Immutable: immutable}
		tree[file] = &fstest.MapFile{Data: []byte(body)}
		if compressed {
			tree[file+".br"] = &fstest.MapFile{Data: []byte("br:" + body)}
			tree[file+".gz"] = &fstest.MapFile{Data: []byte("gz:" + body)}
			a.Brotli, a.Gzip = int64(len(body)+3), int64(len(body)+3)
		}
		return a
	}
	list := web.Assets{Version: "v123", Assets: []web.Asset{
		add("/", "index.html", "text/html; charset=utf-8", "<p>page", false, true),
		add("/about", "about.html", "text/html; charset=utf-8", "<p>about", false, true),
		add("/engine/engine.1f2e.wasm", "engine/engine.1f2e.wasm", "application/wasm", "\x00asm", true, true),
		add("/model/b3.99aa.blm", "model/b3.99aa.blm", "application/octet-stream", "weights", true, false),
	}}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	tree[web.Index] = &fstest.MapFile{Data: text}
	return tree
}

func host(t testing.TB) *Host {
	t.Helper()
	h, err := NewHost(page(t))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRoutes(t *testing.T) {
	const immutable = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		name, method, path, accept string
		status                     int
		body                       string
		want                       map[string]string
	}{
		{"page", "GET", "/", "", 200, "<p>page", map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "ETag": `"` + sum[:32] + `"`, "Vary": "Accept-Encoding", "Content-Encoding": ""}},
		{"page with a query", "GET", "/?device=cpu", "", 200, "<p>page", nil},
		{"route", "GET", "/about", "", 200, "<p>about", nil},
		{"brotli first", "GET", "/", "gzip, deflate, br", 200, "br:<p>page", map[string]string{"Content-Encoding": "br", "Content-Length": "10", "ETag": `"` + sum[:32] + `-br"`}},
		{"gzip", "GET", "/", "gzip", 200, "gz:<p>page", map[string]string{"Content-Encoding": "gzip"}},
		{"brotli refused by weight", "GET", "/", "br;q=0, gzip; q=0.5", 200, "gz:<p>page", map[string]string{"Content-Encoding": "gzip"}},
		{"engine", "GET", "/engine/engine.1f2e.wasm", "br", 200, "br:\x00asm", map[string]string{"Content-Type": "application/wasm", "Cache-Control": immutable}},
		{"model is never compressed", "GET", "/model/b3.99aa.blm", "br, gzip", 200, "weights", map[string]string{"Content-Encoding": "", "Vary": "", "Cache-Control": immutable}},
		{"head", "HEAD", "/", "", 200, "", map[string]string{"Content-Length": "7"}},
		{"unknown", "GET", "/nothing", "", 404, "404 page not found\n", nil},
		{"the list is not served", "GET", "/assets.json", "", 404, "404 page not found\n", nil},
		{"post", "POST", "/", "", 405, "only GET and HEAD\n", map[string]string{"Allow": "GET, HEAD"}},
		{"health", "GET", "/healthz", "", 200, `{"status":"ok","version":"v123"}` + "\n", map[string]string{"Cache-Control": "no-store"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, nil)
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			host(t).ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != c.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.body)
			}
			for key, want := range c.want {
				if got := w.Header().Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			for key, want := range map[string]string{
				"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
				"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			} {
				if got := w.Header().Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	for _, c := range []struct {
		header string
		status int
	}{
		{`"` + sum[:32] + `-br"`, 304}, {`W/"` + sum[:32] + `-br"`, 304}, {`"other", "` + sum[:32] + `-br"`, 304}, {"*", 304},
		{`"` + sum[:32] + `"`, 200}, {`"other"`, 200}, {"", 200},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", "br")
		r.Header.Set("If-None-Match", c.header)
		w := httptest.NewRecorder()
		host(t).ServeHTTP(w, r)
		if w.Code != c.status || (c.status == 304 && w.Body.Len() != 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", c.header, w.Code, w.Body.Len(), c.status)
		}
	}
}

func TestNewHostRefuses(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(fstest.MapFS)
	}{
		{"nothing built", "make build", func(m fstest.MapFS) { delete(m, web.Index) }},
		{"a file is missing", "/about", func(m fstest.MapFS) { delete(m, "about.html") }},
		{"a file has another length", "/: run", func(m fstest.MapFS) { m["index.html"] = &fstest.MapFile{Data: []byte("x")} }},
		{"the list is cut", web.Index, func(m fstest.MapFS) { m[web.Index] = &fstest.MapFile{Data: []byte(`{"version`)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := page(t).(fstest.MapFS)
			c.change(tree)
			_, err := NewHost(tree)
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), " has 1 bytes, want 7", ""), c.want) {
				t.Errorf("error %v, want one that names %q", err, c.want)
			}
		})
	}
}

// FuzzPaths: whatever is asked for, an answer is a listed file or a refusal.
func FuzzPaths(f *testing.F) {
	for _, seed := range []string{"/", "/../host.go", "/%2e%2e/host.go", "//", "/engine/../about", "\\..\\", "/.gitkeep", "/\x00"} {
		f.Add(seed)
	}
	h := host(f)
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusOK && h.files[path] == nil && path != "/healthz" {
			t.Errorf("path %q was answered with %q", path, w.Body)
		}
	})
}

func TestShutdownLetsAnswersFinish(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(w, "whole")
	})
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, slow) }()
	go func() { <-asked; stop() }()
	r, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !bytes.Equal(body, []byte("whole")) {
		t.Errorf("the answer in flight: %q, %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestAddressInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := web.Read(web.Dist()); err != nil {
		if err := run(t.Context(), listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "make build") {
			t.Errorf("with nothing built: %v", err)
		}
		return
	}
	if err := run(t.Context(), listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v, want one that says the address is in use", err)
	}
}

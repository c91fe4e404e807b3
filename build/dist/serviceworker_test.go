package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"blastlens/build/browser"
	"blastlens/web"
)

// site serves a built page and fails as it is told.
type site struct {
	mu    sync.Mutex
	dir   string
	list  web.Assets
	fault func(path string) fault
}

type fault string

const (
	sound    fault = ""
	refusing fault = "status 500"
	altered  fault = "other bytes of the same length"
	cut      fault = "a cut connection"
	stopped  fault = "no server"
)

// put makes another build the one that is served.
func (s *site) put(dir string, list web.Assets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir, s.list = dir, list
}

func (s *site) fail(f func(path string) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.list.Assets {
		if a.Path != r.URL.Path {
			continue
		}
		body, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(a.File)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", a.Type)
		w.Header().Set("Cache-Control", "no-cache")
		switch s.fault(a.Path) {
		case refusing:
			w.WriteHeader(http.StatusInternalServerError)
		case altered:
			body[0]++
		case cut:
			w.Header().Set("Content-Length", fmt.Sprint(len(body)+1))
		case stopped:
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body)
		return
	}
	http.NotFound(w, r)
}

// pageOf builds a small page whose text is this one, with a service worker of
// the template and what is appended to it.
func pageOf(t *testing.T, text, appended string) (string, web.Assets) {
	t.Helper()
	template, err := os.ReadFile("../../web/static/app-worker.js")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "web", "static"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "web", "static", "app-worker.js"), append(template, appended...), 0o644); err != nil {
		t.Fatal(err)
	}
	d := &dist{root: root, out: t.TempDir(), work: t.TempDir()}
	if err := d.clear(); err != nil {
		t.Fatal(err)
	}
	const start = `navigator.serviceWorker.register("/app-worker.js")`
	for name, body := range map[string]string{
		"index.html": "<!doctype html><script src=/app.js></script><p>" + text,
		"about.html": "<!doctype html><p>about " + text,
		"app.js":     start + " // " + text,
		"data.txt":   text,
	} {
		if _, err := d.add(name, []byte(body), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.serviceWorker(); err != nil {
		t.Fatal(err)
	}
	if err := d.list(); err != nil {
		t.Fatal(err)
	}
	list, err := web.Read(os.DirFS(d.out))
	if err != nil {
		t.Fatal(err)
	}
	return d.out, list
}

// visitor is a tab and what a test asks of it.
type visitor struct {
	*testing.T
	ctx  context.Context
	tab  *browser.Tab
	site *site
	url  string
}

func (v visitor) open(path string) string {
	v.Helper()
	if err := v.tab.Navigate(v.ctx, v.url+path); err != nil {
		v.Fatal(err)
	}
	var text string
	v.eval("document.body.innerText.trim()", &text)
	return text
}

func (v visitor) eval(expression string, out any) {
	v.Helper()
	if err := v.tab.Eval(v.ctx, expression, out); err != nil {
		v.Fatal(err)
	}
}

func (v visitor) wait(expression string) {
	v.Helper()
	if err := v.tab.WaitFor(v.ctx, expression); err != nil {
		v.Fatal(err)
	}
}

// offline opens every route with the server stopped.
func (v visitor) offline(want string) {
	v.Helper()
	v.site.fail(func(string) fault { return stopped })
	defer v.site.fail(func(string) fault { return sound })
	for path, text := range map[string]string{
		"/": want, "/?device=cpu": want, "/about": "about " + want, "/about?x=1": "about " + want, "/nowhere": want, "/data.txt": want,
	} {
		if got := v.open(path); got != text {
			v.Errorf("offline, %s shows %q, want %q", path, got, text)
		}
	}
}

// caches are the names of the page's caches.
func (v visitor) caches() []string {
	v.Helper()
	var names []string
	v.eval("caches.keys()", &names)
	return names
}

// update asks for the newer version and waits until its installation has ended.
func (v visitor) update() (waiting bool) {
	v.Helper()
	v.open("/")
	v.eval(`navigator.serviceWorker.ready.then(r => r.update().then(() => { window.registration = r })).then(() => true)`, nil)
	v.wait(`window.registration && !window.registration.installing`)
	v.eval(`!!window.registration.waiting`, &waiting)
	return waiting
}

func TestServiceWorker(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := &site{fault: func(string) fault { return sound }}
	server := httptest.NewServer(s)
	defer server.Close()
	chromium, err := browser.Start(ctx, browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()
	tab, err := chromium.NewTab()
	if err != nil {
		t.Fatal(err)
	}
	at := func(t *testing.T) visitor { return visitor{T: t, ctx: ctx, tab: tab, site: s, url: server.URL} }

	first, list := pageOf(t, "one", "")
	s.put(first, list)
	v := at(t)
	v.open("/")
	v.wait(`navigator.serviceWorker.controller`)
	v.eval(`caches.open("blastlens-model").then(c => c.put("/model/b3.blm", new Response("weights")))`, nil)
	v.eval(`caches.open("another-program").then(() => true)`, nil)

	t.Run("after one visit the server is not needed", func(t *testing.T) {
		v := at(t)
		v.offline("one")
		s.fail(func(string) fault { return stopped })
		defer s.fail(func(string) fault { return sound })
		var weights string
		v.eval(`fetch("/model/b3.blm").then(r => r.text())`, &weights)
		if weights != "weights" {
			t.Errorf("offline, the model is %q", weights)
		}
	})

	before := at(t).caches()
	for _, newer := range []struct{ name, text, appended string }{
		{"another page", "two", ""},
		{"the same page, another service worker", "one", "\n// newer\n"},
	} {
		dir, list := pageOf(t, newer.text, newer.appended)
		for _, a := range list.Assets {
			if a.Path == "/app-worker.js" {
				continue
			}
			for _, kind := range []fault{refusing, altered, cut, stopped} {
				t.Run(strings.Join([]string{newer.name, string(kind), "at", a.Path}, " "), func(t *testing.T) {
					v := at(t)
					v.open("/")
					s.put(dir, list)
					defer s.put(first, list)
					s.fail(func(path string) fault {
						if path == a.Path {
							return kind
						}
						return sound
					})
					if v.update() {
						t.Error("a version that is not whole waits to be used")
					}
					v.offline("one")
					if after := v.caches(); fmt.Sprint(after) != fmt.Sprint(before) {
						t.Errorf("caches are %v, were %v", after, before)
					}
				})
			}
		}
	}

	t.Run("a whole version waits until it is asked for", func(t *testing.T) {
		v := at(t)
		s.put(pageOf(t, "two", ""))
		if !v.update() {
			t.Fatal("the newer version does not wait")
		}
		if got := v.open("/"); got != "one" {
			t.Errorf("before it is asked for, the page shows %q", got)
		}
		v.eval(`navigator.serviceWorker.ready.then(r => {
			navigator.serviceWorker.addEventListener("controllerchange", () => { window.changed = true });
			r.waiting.postMessage("activate");
		})`, nil)
		v.wait(`window.changed`)
		v.offline("two")
		var kept []string
		for _, name := range v.caches() {
			if !strings.HasPrefix(name, "blastlens-page-") {
				kept = append(kept, name)
			}
		}
		text, err := json.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != `["blastlens-model","another-program"]` || len(v.caches()) != 3 {
			t.Errorf("caches are %v, want the model's, the other program's and one of the page", v.caches())
		}
	})
}

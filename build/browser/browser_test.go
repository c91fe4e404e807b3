//go:build !js

package browser_test

import (
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
)

func TestTab(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>one</title><input type=file><p style="color:red">styled</p>
<script>console.log("hello", 7); setTimeout(() => { throw new Error("on purpose") }, 0); setTimeout(() => window.ready = true, 300)</script>`)
	}))
	defer server.Close()
	b, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tab, err := b.NewTab()
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	if err := tab.Navigate(ctx, server.URL); err != nil {
		t.Fatal(err)
	}
	if err := tab.WaitFor(ctx, "window.ready"); err != nil {
		t.Fatal(err)
	}

	var value struct {
		Title string
		Sum   []float64
	}
	if err := tab.Eval(ctx, `Promise.resolve({title: document.title, sum: [1, 2.5]})`, &value); err != nil || value.Title != "one" || len(value.Sum) != 2 || value.Sum[1] != 2.5 {
		t.Errorf("Eval: %+v, %v", value, err)
	}
	if err := tab.Eval(ctx, `Promise.reject(new Error("refused"))`, nil); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a rejected promise gives %v", err)
	}
	if err := tab.Eval(ctx, `undefined`, nil); err != nil {
		t.Errorf("undefined: %v", err)
	}

	if log := tab.Log(); !strings.Contains(log, "hello 7") {
		t.Errorf("console lacks hello 7:\n%s", log)
	}
	if e := tab.Exceptions(); len(e) != 1 || !strings.Contains(e[0].Text, "on purpose") {
		t.Errorf("exceptions: %v", e)
	}
	if v := tab.Violations(); len(v) != 1 || !strings.Contains(v[0].Text, "style") {
		t.Errorf("violations: %v\nall: %s", v, tab.Log())
	}

	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	var text string
	if err := tab.SetFiles(ctx, "input", file); err != nil {
		t.Error(err)
	} else if err := tab.Eval(ctx, `document.querySelector("input").files[0].text()`, &text); err != nil || text != "abc" {
		t.Errorf("the file reads %q, %v", text, err)
	}

	if err := tab.SetView(ctx, browser.View{Width: 360, Height: 500, Dark: true}); err != nil {
		t.Error(err)
	}
	var dark bool
	if err := tab.Eval(ctx, `matchMedia("(prefers-color-scheme: dark)").matches`, &dark); err != nil || !dark {
		t.Errorf("dark: %v, %v", dark, err)
	}
	picture := filepath.Join(t.TempDir(), "page.png")
	if err := tab.Screenshot(ctx, picture); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if shot, err := png.DecodeConfig(f); err != nil || shot.Width != 360 {
		t.Errorf("screenshot %+v, %v; want a width of 360", shot, err)
	}

	var adapter bool
	if err := tab.Eval(ctx, `(async () => !!(await navigator.gpu.requestAdapter()))()`, &adapter); err != nil || !adapter {
		t.Errorf("WebGPU adapter: %v, %v", adapter, err)
	}

	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	if err := tab.WaitFor(short, "false"); err == nil {
		t.Error("waiting for false ends without an error")
	}
	if err := tab.Eval(ctx, "1", nil); err != nil {
		t.Errorf("after a wait that timed out: %v", err)
	}
}

func TestNoChromium(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := browser.Start(t.Context(), browser.Options{}); err == nil || !strings.Contains(err.Error(), "package chromium") {
		t.Errorf("error %v, want one that names the package", err)
	}
}

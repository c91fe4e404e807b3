//go:build !js

package webgpu

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
)

// The tests of session_js_test.go, built for js/wasm and run in a worker of
// headless Chromium, as the engine is.
func TestInChromium(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	// `go test` runs a test again, and does not answer from its cache, if a file
	// that the test has read is another one: these are not in the native build.
	sources, err := filepath.Glob("*_js*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources for js (%v)", err)
	}
	for _, file := range sources {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "webgpu.wasm")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".")
	build.Env = append(build.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go test -c for js/wasm: %v\n%s", err, out)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	server := httptest.NewServer(pages(binary, filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")))
	defer server.Close()

	chrome, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
	if err != nil {
		t.Fatal(err)
	}
	defer chrome.Close()
	tab, err := chrome.NewTab()
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Navigate(ctx, server.URL); err != nil {
		t.Fatal(err)
	}
	var result struct {
		Code   int
		Output string
	}
	if err := tab.Eval(ctx, "result", &result); err != nil {
		t.Fatalf("%v\n%s", err, tab.Log())
	}
	if result.Code != 0 || !strings.Contains(result.Output, "--- PASS: TestAgainstRef") {
		t.Errorf("exit status %d\n%s\n%s", result.Code, result.Output, tab.Log())
	}
	t.Log(result.Output)
}

// pages serve a page whose global `result` is the promise of the test binary's
// exit status and output.
func pages(binary, exec string) http.Handler {
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", text("text/html", `<!doctype html><title>webgpu</title><link rel="icon" href="data:,"><script>
const result = new Promise((resolve, reject) => {
	const worker = new Worker("/worker.js");
	worker.onmessage = (e) => resolve(e.data);
	worker.onerror = (e) => reject(new Error(e.message));
});
</script>`))
	mux.HandleFunc("GET /worker.js", text("text/javascript", `
importScripts("/wasm_exec.js");
const decoder = new TextDecoder();
let output = "", code = 0;
fs.writeSync = (fd, bytes) => { output += decoder.decode(bytes, { stream: true }); return bytes.length; };
const go = new Go();
go.argv = ["webgpu.test", "-test.v"];
go.exit = (status) => { code = status; };
WebAssembly.instantiateStreaming(fetch("/webgpu.wasm"), go.importObject)
	.then(({ instance }) => go.run(instance))
	.catch((reason) => { code = 1; output += reason; })
	.finally(() => postMessage({ code, output }));
`))
	mux.HandleFunc("GET /webgpu.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, binary) })
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, exec) })
	return mux
}

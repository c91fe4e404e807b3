package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
	"blastlens/wasm/kernel/blocked"
)

// lesser is the product as a lesser browser or host would have it: what the
// server says, with headers left out and a line of script before the workers'.
type lesser struct {
	open   bool   // not isolated from other origins
	engine string // before the engine worker's script
	pool   string // before the pool worker's
}

// host serves what address serves, as l has it.
func (l lesser) host(t *testing.T, address string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Set("Accept-Encoding", "identity")
		},
		ModifyResponse: func(r *http.Response) error {
			if l.open {
				r.Header.Del("Cross-Origin-Opener-Policy")
				r.Header.Del("Cross-Origin-Embedder-Policy")
			}
			before := ""
			switch path := r.Request.URL.Path; {
			case strings.HasPrefix(path, "/engine/engine-worker."):
				before = l.engine
			case strings.HasPrefix(path, "/engine/pool-worker."):
				before = l.pool
			}
			if before == "" {
				return nil
			}
			script, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			r.Body.Close()
			script = append([]byte(before+"\n"), script...)
			r.Body = io.NopCloser(bytes.NewReader(script))
			r.ContentLength = int64(len(script))
			r.Header.Set("Content-Length", strconv.Itoa(len(script)))
			return nil
		},
	})
	t.Cleanup(s.Close)
	return s.URL
}

const twoCores = `Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 });`

// eachRun makes run what the engine's thread calls for a picture, in place of
// real(threads); runs counts, the self-test being the first, pool holds the
// workers of the pool, and words are the memory.
func eachRun(run string) string {
	return twoCores + `
const pool = [], Made = Worker, Instance = WebAssembly.Instance;
let runs = 0;
self.Worker = function (url) { const w = new Made(url); pool.push(w); return w; };
WebAssembly.Instance = function (module, imports) {
  const words = new Int32Array(imports.env.memory.buffer);
  const { run: real, stop } = new Instance(module, imports).exports;
  return { exports: { stop, run: (threads) => { runs++; ` + run + ` } } };
};
WebAssembly.Instance.prototype = Instance.prototype; // Go asks of what kind its own is
`
}

// A browser or host that lacks something, and threads that die or hang: every
// picture has its right answer or says why it has none, and the page names what
// answers, and why not something better.
func TestFallbacks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	dir := t.TempDir()
	files := drawSmears(t, dir, 1)
	want := classify(t, ctx, build(t, "./model/cmd/blastlens"), append(files, write(t, dir, "empty.jpg", nil)))
	address, stop := serve(t, ctx, build(t, "./server"))
	defer stop()
	chromium, err := browser.Start(ctx, browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()

	const terminated = "a thread that is terminated"
	tests := []struct {
		name    string
		lesser  lesser
		query   string
		device  string   // that answers the last picture; "" is none
		line    []string // of the page about its engine, in the end
		again   int      // pictures that say they were run again
		refused string   // of the last picture
	}{
		{"all there", lesser{engine: twoCores}, "auto", "tab", []string{"WASM SIMD, 2 threads", "WASM kernels passed its self-test"}, 0, ""},
		{"no isolation", lesser{open: true}, "auto", "tab", []string{"WASM SIMD, 1 thread: the page is not isolated"}, 0, ""},
		{"one core", lesser{engine: `Object.defineProperty(navigator, "hardwareConcurrency", { value: 1 });`}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: the browser offers one core"}, 0, ""},
		{"no WASM SIMD", lesser{engine: `WebAssembly.validate = () => false;`}, "auto", "cpu",
			[]string{"Go scalar, 1 thread", "WASM kernels: tab: device unavailable: this browser has no WASM SIMD", "CPU passed"}, 0, ""},
		{"kernels that do not compile", lesser{engine: `WebAssembly.compileStreaming = async () => { throw new Error("not this test's SIMD"); };`}, "auto", "cpu",
			[]string{"Go SIMD, 128-bit, 1 thread", "not this test's SIMD", "CPU passed"}, 0, ""},
		{"no shared memory", lesser{engine: twoCores + `
const Memory = WebAssembly.Memory;
WebAssembly.Memory = function (wanted) { if (wanted.shared) throw new RangeError("not in this test"); return new Memory(wanted); };
WebAssembly.Memory.prototype = Memory.prototype;`}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: several failed before", "WASM kernels: no shared memory of ", "not in this test", "WASM kernels passed"}, 0, ""},
		{"no memory", lesser{engine: `WebAssembly.Memory = function () { throw new RangeError("not in this test"); };`}, "auto", "cpu",
			[]string{"Go SIMD, 128-bit, 1 thread", "WASM kernels: no shared memory of ", "WASM kernels: device unavailable: no memory of ", "not in this test", "CPU passed"}, 0, ""},
		{"a pool that never comes", lesser{engine: twoCores, pool: `WebAssembly.Instance = function () { throw new Error("not in this test"); };`}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: a thread died: Uncaught Error: not in this test"}, 0, ""},
		// It says that it serves, and then does nothing for ever.
		{"a pool that hangs", lesser{engine: twoCores, pool: fmt.Sprintf(`WebAssembly.Instance = function (module, { env: { memory } }) {
  const words = new Int32Array(memory.buffer);
  return { exports: { serve() { Atomics.add(words, %d, 1); Atomics.wait(words, %d, 0); } } };
};`, blocked.Serving/4, blocked.Stop/4)}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: several failed before", "WASM kernels: self-test failed: tab: one of 2 threads did not come", "WASM kernels passed"}, 0, ""},
		// From the third picture on thread 1's scratch lies outside the memory.
		{"a thread that traps in mid-picture", lesser{engine: eachRun(fmt.Sprintf(`if (runs === 4) words[%d] = 1 << 31; return real(threads);`, blocked.ScratchBytes/4))}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: several failed before", "WASM kernels failed (tab: one of 2 threads did not come", "WASM kernels passed"}, 1, ""},
		{terminated, lesser{engine: eachRun(`if (runs === 3) pool[0].terminate(); return real(threads);`)}, "auto", "tab",
			[]string{"WASM SIMD, 1 thread: several failed before", "WASM kernels failed (tab: one of 2 threads did not come", "WASM kernels passed"}, 1, ""},
		{"two threads and one that fail in pictures", lesser{engine: eachRun(`return runs === 4 || runs === 6 ? 1 : real(threads);`)}, "auto", "cpu",
			[]string{"Go SIMD, 128-bit", "WASM kernels failed (tab: one of 2 threads", "WASM SIMD, 1 thread", "WASM kernels failed (tab: one of 1 threads", "CPU passed"}, 1, ""},
		{"nothing else to answer", lesser{engine: eachRun(`return runs > 3 ? 1 : real(threads);`)}, "tab", "",
			[]string{"WASM SIMD, 2 threads"}, 0, "did not come to a step in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab, err := chromium.NewTab()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			open(t, ctx, tab, tt.lesser.host(t, address)+"/?device="+tt.query)
			rest := files
			if tt.name == terminated {
				if err := tab.SetFiles(ctx, "input[type=file]", files[:2]...); err != nil {
					t.Fatal(err)
				}
				rest = files[2:]
				time.Sleep(4 * time.Second) // Chromium gives a worker 2 s to end by itself
			}
			if err := tab.SetFiles(ctx, "input[type=file]", rest...); err != nil {
				t.Fatal(err)
			}
			wait(t, ctx, tab, fmt.Sprintf(`%s.filter(c => c.state === 'done' || c.state === 'refused').length === %d`, cards, len(files)))
			var shown []card // the newest first
			if err := tab.Eval(ctx, cards, &shown); err != nil {
				t.Fatal(err)
			}
			again, refused := 0, 0
			for _, c := range shown {
				if c.State == "refused" {
					refused++
					if tt.refused == "" || !strings.Contains(c.Text, tt.refused) {
						t.Errorf("%s was refused: %s", c.Name, c.Text)
					}
					continue
				}
				compare(t, c.Name, c.Logits, want[c.Name].Logits)
				if strings.Contains(c.Text, "Run again, since a device failed: ") {
					again++
				}
			}
			if again != tt.again {
				t.Errorf("%d pictures say that they were run again, want %d", again, tt.again)
			}
			if last := shown[0]; last.Name != filepath.Base(files[len(files)-1]) || last.Device != tt.device || (tt.refused == "") != (refused == 0) || refused == len(files) {
				t.Errorf("the last picture, %s, was answered by %q, want %q; %d were refused", last.Name, last.Device, tt.device, refused)
			}
			var line string
			if err := tab.Eval(ctx, `document.querySelector('[data-testid=engine]').textContent`, &line); err != nil {
				t.Fatal(err)
			}
			said := line
			for _, w := range tt.line {
				_, after, ok := strings.Cut(said, w)
				if !ok {
					t.Errorf("the page says of its engine %q, want %q in %q", line, w, said)
				}
				said = after
			}
			if t.Failed() {
				t.Logf("the tab's log:\n%s", tab.Log())
			}
		})
	}
}

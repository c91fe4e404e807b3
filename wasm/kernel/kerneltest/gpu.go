//go:build !js

package kerneltest

import (
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"blastlens/build/browser"
	"blastlens/wasm/kernel/wgsl"
)

//go:embed gpu.js
var script string

// timeout is for one job, and for the start of the browser: SwiftShader shares
// the processor with whatever else runs.
const timeout = 3 * time.Minute

// gpu is the headless Chromium that runs the shaders of a test binary.
type gpu struct {
	server *httptest.Server
	chrome *browser.Browser
	tab    *browser.Tab
	number int
	job    atomic.Pointer[job] // the one that runs
}

// job is what the page fetches and gives back.
type job struct {
	kernels []wgsl.Kernel
	inputs  map[wgsl.Role][]float32
	scratch int
	out     int
	y       chan []byte // holds one
}

var shared struct {
	sync.Mutex
	gpu *gpu
	err error // of a start that failed; it is not tried again
}

// Main runs a test binary's tests and then closes the browser that RunWGSL
// started, if any. Call it from TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.gpu != nil {
		shared.gpu.close()
	}
	return code
}

// RunWGSL runs kernels, one after the other, on WebGPU in headless Chromium on
// SwiftShader and returns the first n float32 of role y. Inputs are by role;
// scratch is the length of role scratch. Tests of one binary share the browser.
// Without Chromium the test fails.
func RunWGSL(t *testing.T, kernels []wgsl.Kernel, inputs map[wgsl.Role][]float32, scratch, n int) []float32 {
	t.Helper()
	for _, k := range kernels {
		if err := k.Check(); err != nil {
			t.Fatal(err)
		}
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.gpu == nil && shared.err == nil {
		shared.gpu, shared.err = start()
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	present := map[wgsl.Role][]float32{}
	for role, values := range inputs {
		if values != nil {
			present[role] = values
		}
	}
	y, err := shared.gpu.run(&job{kernels: kernels, inputs: present, scratch: scratch, out: n, y: make(chan []byte, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func start() (*gpu, error) {
	g := &gpu{}
	g.server = httptest.NewServer(g.routes()) // 127.0.0.1 is a secure context, which WebGPU wants
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var err error
	if g.chrome, err = browser.Start(context.Background(), browser.Options{SoftwareGPU: true}); err != nil {
		g.close()
		return nil, err
	}
	if g.tab, err = g.chrome.NewTab(); err == nil {
		err = g.tab.Navigate(ctx, g.server.URL)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *gpu) close() {
	if g.chrome != nil {
		g.chrome.Close()
	}
	g.server.Close()
}

func (g *gpu) run(j *job) ([]float32, error) {
	g.job.Store(j)
	g.number++
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := g.tab.Eval(ctx, fmt.Sprintf("runJob(%d)", g.number), nil); err != nil {
		return nil, fmt.Errorf("kerneltest: %s: %w", j.kernels[0].Name, err)
	}
	raw := <-j.y // the page awaits its delivery before it ends
	if len(raw) != 4*j.out {
		return nil, fmt.Errorf("kerneltest: %s: the page returned %d bytes, want %d", j.kernels[0].Name, len(raw), 4*j.out)
	}
	y := make([]float32, j.out)
	for i := range y {
		y[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return y, nil
}

func (g *gpu) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><title>kernels</title><link rel="icon" href="data:,"><script src="/gpu.js"></script>`)
	})
	mux.HandleFunc("GET /gpu.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		io.WriteString(w, script)
	})
	mux.HandleFunc("GET /job/{number}", func(w http.ResponseWriter, r *http.Request) {
		j, roles := g.job.Load(), []wgsl.Role{}
		for role := range j.inputs {
			roles = append(roles, role)
		}
		slices.Sort(roles)
		json.NewEncoder(w).Encode(map[string]any{
			"kernels": j.kernels, "inputs": roles, "scratch": j.scratch, "out": j.out,
		})
	})
	mux.HandleFunc("GET /job/{number}/{role}", func(w http.ResponseWriter, r *http.Request) {
		binary.Write(w, binary.LittleEndian, g.job.Load().inputs[wgsl.Role(r.PathValue("role"))])
	})
	mux.HandleFunc("POST /job/{number}/y", func(w http.ResponseWriter, r *http.Request) {
		y, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		g.job.Load().y <- y
	})
	return mux
}

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

// chromium is the headless Chromium that runs the shaders of a test binary.
type chromium struct {
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
	chromium *chromium
	err      error // of a start that failed; it is not tried again
}

// Main runs a test binary's tests and then closes the browser that a Runner
// started, if any. Call it from TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.chromium != nil {
		shared.chromium.close()
	}
	return code
}

// Runner is a WebGPU, with a WGSL compiler of its own.
type Runner struct {
	Name string
	run  func(*job) ([]float32, error)
}

// Runners are two that have nothing in common: headless Chromium (Tint, on
// SwiftShader) and package gpu (naga in Go, on Mesa's lavapipe).
var Runners = []Runner{{"wgsl in Chromium", inChromium}, {"wgsl on lavapipe", natively}}

// Run runs kernels, one after the other, and returns the first n float32 of role
// y. Inputs are by role; scratch is the length of role scratch. Tests of one
// binary share the browser and the device. Where either is missing the test fails.
func (r Runner) Run(t *testing.T, kernels []wgsl.Kernel, inputs map[wgsl.Role][]float32, scratch, n int) []float32 {
	t.Helper()
	for _, k := range kernels {
		if err := k.Check(); err != nil {
			t.Fatal(err)
		}
	}
	present := map[wgsl.Role][]float32{}
	for role, values := range inputs {
		if values != nil {
			present[role] = values
		}
	}
	y, err := r.run(&job{kernels: kernels, inputs: present, scratch: scratch, out: n, y: make(chan []byte, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func inChromium(j *job) ([]float32, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.chromium == nil && shared.err == nil {
		shared.chromium, shared.err = start()
	}
	if shared.err != nil {
		return nil, shared.err
	}
	return shared.chromium.run(j)
}

func start() (*chromium, error) {
	c := &chromium{}
	c.server = httptest.NewServer(c.routes()) // 127.0.0.1 is a secure context, which WebGPU wants
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var err error
	if c.chrome, err = browser.Start(context.Background(), browser.Options{SoftwareGPU: true}); err != nil {
		c.close()
		return nil, err
	}
	if c.tab, err = c.chrome.NewTab(); err == nil {
		err = c.tab.Navigate(ctx, c.server.URL)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *chromium) close() {
	if c.chrome != nil {
		c.chrome.Close()
	}
	c.server.Close()
}

func (c *chromium) run(j *job) ([]float32, error) {
	c.job.Store(j)
	c.number++
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := c.tab.Eval(ctx, fmt.Sprintf("runJob(%d)", c.number), nil); err != nil {
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

func (c *chromium) routes() http.Handler {
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
		j, roles := c.job.Load(), []wgsl.Role{}
		for role := range j.inputs {
			roles = append(roles, role)
		}
		slices.Sort(roles)
		json.NewEncoder(w).Encode(map[string]any{
			"kernels": j.kernels, "inputs": roles, "scratch": j.scratch, "out": j.out,
		})
	})
	mux.HandleFunc("GET /job/{number}/{role}", func(w http.ResponseWriter, r *http.Request) {
		binary.Write(w, binary.LittleEndian, c.job.Load().inputs[wgsl.Role(r.PathValue("role"))])
	})
	mux.HandleFunc("POST /job/{number}/y", func(w http.ResponseWriter, r *http.Request) {
		y, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.job.Load().y <- y
	})
	return mux
}

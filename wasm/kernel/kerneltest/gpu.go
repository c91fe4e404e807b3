//go:build !js

package kerneltest

import (
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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

// job is kernels to run, one after the other, on arrays, of which some come back.
type job struct {
	kernels []wgsl.Kernel
	arrays  map[wgsl.Role][]float32
	outputs []wgsl.Role // none: the kernels are compiled and not run
	back    chan []byte // in Chromium; holds one
}

func newJob(kernels []wgsl.Kernel, arrays map[wgsl.Role][]float32, outputs ...wgsl.Role) *job {
	return &job{kernels, arrays, outputs, make(chan []byte, 1)}
}

// length is the float32 of all outputs.
func (j *job) length() (n int) {
	for _, role := range j.outputs {
		n += len(j.arrays[role])
	}
	return n
}

// unwritten is an array of which it must be seen what a kernel does not write.
func unwritten(n int) []float32 { return slices.Repeat([]float32{float32(math.NaN())}, n) }

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

// Runner is a WebGPU, with a WGSL compiler of its own, and what it asks of kernels.
type Runner struct {
	Name   string
	Target wgsl.Target
	run    func(*job) ([]float32, error) // the outputs, one after the other
}

// Runners are two that have nothing in common: headless Chromium (Tint, on
// SwiftShader) and package gpu (naga in Go, on Mesa's lavapipe), each with the
// kernels for software and those for hardware.
var Runners = []Runner{
	{"wgsl in Chromium", wgsl.Target{Pictures: 1, Software: true}, inChromium},
	{"wgsl in Chromium, the second of three pictures", wgsl.Target{Pictures: 3}, inChromium},
	{"wgsl on lavapipe", wgsl.Target{Pictures: 1}, natively},
	{"wgsl on lavapipe, the second of three pictures", wgsl.Target{Pictures: 3, Software: true}, natively},
}

// among puts a picture's values between those of others, where the target wants
// more than one.
func (r Runner) among(values []float32) []float32 {
	if r.Target.Pictures == 1 {
		return values
	}
	n := len(values)
	all := Fill(97, r.Target.Pictures*n)
	copy(all[n:], values)
	return all
}

// Run runs kernels, one after the other, and returns the n float32 of role y that
// belong to the picture of the inputs. Inputs are by role; scratch is the length of role scratch. Tests of one
// binary share the browser and the device. Where either is missing the test fails.
func (r Runner) Run(t *testing.T, kernels []wgsl.Kernel, inputs map[wgsl.Role][]float32, scratch, n int) []float32 {
	t.Helper()
	for _, k := range kernels {
		if err := k.Check(); err != nil {
			t.Fatal(err)
		}
	}
	present := map[wgsl.Role][]float32{wgsl.Y: unwritten(r.Target.Pictures * n)}
	if scratch > 0 {
		present[wgsl.Scratch] = unwritten(scratch)
	}
	for role, values := range inputs {
		switch {
		case values == nil:
		case slices.Contains([]wgsl.Role{wgsl.X, wgsl.Gate, wgsl.Residual}, role):
			present[role] = r.among(values)
		default:
			present[role] = values
		}
	}
	y, err := r.run(newJob(kernels, present, wgsl.Y))
	if err != nil {
		t.Fatal(err)
	}
	if r.Target.Pictures > 1 {
		return y[n : 2*n]
	}
	return y
}

// Compile fails where Chromium's compiler refuses a kernel.
func Compile(t *testing.T, kernels []wgsl.Kernel) {
	t.Helper()
	if _, err := inChromium(newJob(kernels, nil)); err != nil {
		t.Fatal(err)
	}
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
	raw := <-j.back // the page awaits its delivery before it ends
	if len(raw) != 4*j.length() {
		return nil, fmt.Errorf("kerneltest: %s: the page returned %d bytes, want %d", j.kernels[0].Name, len(raw), 4*j.length())
	}
	y := make([]float32, j.length())
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
		j := c.job.Load()
		arrays := slices.AppendSeq([]wgsl.Role{}, maps.Keys(j.arrays)) // a list, if of none
		json.NewEncoder(w).Encode(map[string]any{"kernels": j.kernels, "arrays": arrays, "outputs": append([]wgsl.Role{}, j.outputs...)})
	})
	mux.HandleFunc("GET /job/{number}/{role}", func(w http.ResponseWriter, r *http.Request) {
		binary.Write(w, binary.LittleEndian, c.job.Load().arrays[wgsl.Role(r.PathValue("role"))])
	})
	mux.HandleFunc("POST /job/{number}", func(w http.ResponseWriter, r *http.Request) {
		back, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.job.Load().back <- back
	})
	return mux
}

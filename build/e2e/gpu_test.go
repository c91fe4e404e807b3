package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
)

// hardwareGPU makes the engine take the software adapter for hardware, so that
// "auto" chooses it, and has read called with the outputs of each run, the
// self-test being the first, and submit with the GPUDevice before each.
func hardwareGPU(read, submit string) string {
	return `
Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { value: false });
Object.defineProperty(GPUAdapterInfo.prototype, "architecture", { value: "test" });
let runs = 0, gpu;
const request = GPUAdapter.prototype.requestDevice, range = GPUBuffer.prototype.getMappedRange, queued = GPUQueue.prototype.submit;
GPUAdapter.prototype.requestDevice = async function (...a) { return gpu = await request.apply(this, a); };
GPUQueue.prototype.submit = function (...a) { runs++; ` + submit + `; return queued.apply(this, a); };
GPUBuffer.prototype.getMappedRange = function (...a) { const r = range.apply(this, a), out = new Float32Array(r); ` + read + `; return r; };
`
}

// A graphics processor that is wrong, lost or silent: each picture gets the answer
// that it should have, and the page says what answered and why.
func TestGPUFaults(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	dir := t.TempDir()
	files := drawSmears(t, dir, 1)[:3]
	want := classify(t, ctx, build(t, "./model/cmd/blastlens"), append(files, write(t, dir, "empty.jpg", nil)))
	address, stop := serve(t, ctx, build(t, "./server"))
	defer stop()
	chromium, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()
	const passed = "WebGPU passed its self-test"
	tests := []struct {
		name   string
		engine string
		device string // that answers the last picture
		line   []string
		again  int // pictures that say they were run again
	}{
		{"right", hardwareGPU("", ""), "webgpu", []string{passed}, 0},
		{"no adapter", `navigator.gpu.requestAdapter = async () => null;`, "tab", []string{"no adapter", "WASM kernels passed"}, 0},
		{"wrong about pictures", hardwareGPU(`if (runs > 1) [out[0], out[1]] = [out[1], out[0]]`, ""), "tab",
			[]string{"WebGPU failed (another device gives another answer: WASM kernels differs by", "WASM kernels passed"}, 1},
		{"zeros in its self-test", hardwareGPU(`out.fill(0)`, ""), "tab", []string{"WebGPU: self-test failed: device returned nothing but zeros", "WASM kernels passed"}, 0},
		{"not a number in one picture", hardwareGPU(`if (runs === 3) out[1] = NaN`, ""), "webgpu", []string{"WebGPU failed (webgpu: output", passed}, 1},
		{"lost in mid-picture", hardwareGPU("", `if (runs === 3) gpu.destroy()`), "webgpu", []string{"WebGPU failed (webgpu: device lost", passed}, 1},
		{"lost in each picture", hardwareGPU("", `if (runs > 2 && runs % 2) gpu.destroy()`), "tab", []string{"WebGPU failed (webgpu: device lost", "WASM kernels passed"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab, err := chromium.NewTab()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			open(t, ctx, tab, lesser{engine: twoCores + tt.engine}.host(t, address)+"/?device=auto")
			for i, file := range files { // one after the other, so that the last is the last
				if err := tab.SetFiles(ctx, "input[type=file]", file); err != nil {
					t.Fatal(err)
				}
				wait(t, ctx, tab, fmt.Sprintf(`%s.filter(c => c.state === 'done' || c.state === 'refused').length === %d`, cards, i+1))
			}
			var shown []card // the newest first
			if err := tab.Eval(ctx, cards, &shown); err != nil {
				t.Fatal(err)
			}
			again := 0
			for _, c := range shown {
				if c.State != "done" {
					t.Errorf("%s: %s: %s", c.Name, c.State, c.Text)
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
			if shown[0].Device != tt.device {
				t.Errorf("the last picture was answered by %q, want %q", shown[0].Device, tt.device)
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

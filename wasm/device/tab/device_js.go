package tab

import (
	"fmt"
	"syscall/js"
	"time"
	"unsafe"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/plan"
)

// processor is the tab's processor with the kernels that the engine's script
// compiled before this program began: {module, shared, pool}, or {reason}.
type processor struct {
	kernels js.Value
	shared  bool // the memory may be: there may be several threads
	threads int
}

// New offers the emitted kernels, with a thread for each core where the browser
// lets threads share a memory.
func New() (device.Device, error) {
	kernels := js.Global().Get("blastlensKernels")
	if !kernels.Truthy() || !kernels.Get("module").Truthy() {
		reason := "the page brought no kernels"
		if kernels.Truthy() && kernels.Get("reason").Truthy() {
			reason = kernels.Get("reason").String()
		}
		return nil, fmt.Errorf("tab: %w: %s", device.ErrUnavailable, reason)
	}
	d := &processor{kernels: kernels, shared: kernels.Get("shared").Bool(), threads: 1}
	if cores := js.Global().Get("navigator").Get("hardwareConcurrency"); d.shared && cores.Type() == js.TypeNumber {
		d.threads = min(max(1, cores.Int()), maxThreads)
	}
	return d, nil
}

func (*processor) Name() string { return Name }

func (d *processor) Describe() string {
	if d.threads == 1 {
		return "WASM SIMD, 1 thread"
	}
	return fmt.Sprintf("WASM SIMD, %d threads", d.threads)
}

// Prepare fills a memory with the plan's image and starts the other threads.
func (d *processor) Prepare(p *plan.Plan) (_ device.Session, err error) {
	defer catch(&err)
	image, err := NewImage(p, d.threads)
	if err != nil {
		return nil, err
	}
	memory := js.Global().Get("WebAssembly").Get("Memory").New(map[string]any{
		"initial": image.Pages, "maximum": image.Pages, "shared": d.shared,
	})
	instance := js.Global().Get("WebAssembly").Get("Instance").New(d.kernels.Get("module"),
		map[string]any{"env": map[string]any{"memory": memory}})
	s := &session{
		image: image, memory: js.Global().Get("Uint8Array").New(memory.Get("buffer")),
		run: instance.Get("exports").Get("run"), stop: instance.Get("exports").Get("stop"), threads: 1,
	}
	image.Write(s.write)
	if d.threads > 1 {
		if err := s.hire(d.kernels, memory, d.threads); err != nil {
			js.Global().Get("console").Call("warn", err.Error()+"; one thread computes")
			s.dismiss()
		}
	}
	d.threads = s.threads
	return s, nil
}

// punctual is how long the pool's threads have to come up together.
const punctual = 5 * time.Second

// hire starts threads 1 and up, and returns when all of them serve.
func (s *session) hire(kernels, memory js.Value, threads int) (err error) {
	defer catch(&err)
	for thread := 1; thread < threads; thread++ {
		w := js.Global().Get("Worker").New(kernels.Get("pool"))
		s.pool = append(s.pool, w)
		w.Call("postMessage", map[string]any{"module": kernels.Get("module"), "memory": memory, "thread": thread, "threads": threads})
	}
	words := js.Global().Get("Int32Array").New(memory.Get("buffer"))
	atomics := js.Global().Get("Atomics")
	for end := time.Now().Add(punctual); ; time.Sleep(time.Millisecond) {
		serving := atomics.Call("load", words, blocked.Serving/4).Int()
		if serving == threads-1 {
			s.threads = threads
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("tab: %d of %d threads came up within %v", serving+1, threads, punctual)
		}
	}
}

// catch turns a JavaScript exception, and the use of something that this browser
// lacks, into an error; syscall/js panics with both.
func catch(err *error) {
	switch thrown := recover().(type) {
	case nil:
	case js.Error:
		*err = fmt.Errorf("tab: %w", thrown)
	case *js.ValueError:
		*err = fmt.Errorf("tab: %w", thrown)
	default:
		panic(thrown)
	}
}

// bytes are the memory of x: WebAssembly is little-endian.
func bytes(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

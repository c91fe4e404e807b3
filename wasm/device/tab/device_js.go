package tab

import (
	"fmt"
	"strconv"
	"syscall/js"
	"time"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/plan"
)

// processor is the tab's processor with the kernels that the engine's script
// compiled before this program began: {module, single, shared, pool}, or {reason};
// module is for a shared memory, single for one of its own.
type processor struct {
	kernels js.Value
	shared  bool // the memory may be: there may be several threads
	threads int
	alone   string // why there is one thread
}

// New offers the emitted kernels, with a thread for each core where the browser
// lets threads share a memory.
func New() (device.Device, error) {
	d, err := open()
	if err != nil {
		return nil, err
	}
	cores := js.Global().Get("navigator").Get("hardwareConcurrency")
	switch {
	case !d.shared:
		d.alone = "the page is not isolated, so that threads may not share memory"
	case cores.Type() != js.TypeNumber:
		d.alone = "the browser does not say how many cores there are"
	case cores.Int() < 2:
		d.alone = "the browser offers one core"
	default:
		d.threads = min(cores.Int(), maxThreads)
	}
	if n := asked(); n > 0 && n < d.threads {
		d.threads = n
		if n == 1 {
			d.alone = "one was asked for"
		}
	}
	return d, nil
}

// asked is threads=N of the engine script's address, 0 without: a bench may ask
// for fewer threads than there are cores.
func asked() int {
	location := js.Global().Get("location")
	if !location.Truthy() {
		return 0
	}
	value := js.Global().Get("URLSearchParams").New(location.Get("search")).Call("get", "threads")
	if value.Type() != js.TypeString {
		return 0
	}
	n, err := strconv.Atoi(value.String())
	if err != nil {
		return 0
	}
	return n
}

// NewAlone offers them in one thread, which cannot lose another, on a memory that
// nobody shares.
func NewAlone() (device.Device, error) {
	d, err := open()
	if err != nil {
		return nil, err
	}
	d.shared, d.alone = false, "several failed before"
	return d, nil
}

// open finds the kernels, for one thread.
func open() (*processor, error) {
	kernels := js.Global().Get("blastlensKernels")
	if !kernels.Truthy() || !kernels.Get("single").Truthy() {
		reason := "the page brought no kernels"
		if kernels.Truthy() && kernels.Get("reason").Truthy() {
			reason = kernels.Get("reason").String()
		}
		return nil, fmt.Errorf("tab: %w: %s", device.ErrUnavailable, reason)
	}
	return &processor{kernels: kernels, shared: kernels.Get("shared").Bool(), threads: 1}, nil
}

func (*processor) Name() string { return Name }

func (d *processor) Describe() string {
	if d.threads == 1 {
		return "WASM SIMD, 1 thread: " + d.alone
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
	memory, err := d.memory(image.Pages)
	switch {
	case err != nil && d.shared: // one thread's may be had
		return nil, fmt.Errorf("no shared memory of %d MiB: %w", image.Pages*PageBytes>>20, err)
	case err != nil:
		return nil, fmt.Errorf("%w: no memory of %d MiB: %w", device.ErrUnavailable, image.Pages*PageBytes>>20, err)
	}
	module := d.kernels.Get("single")
	if d.shared {
		module = d.kernels.Get("module")
	}
	instance := js.Global().Get("WebAssembly").Get("Instance").New(module,
		map[string]any{"env": map[string]any{"memory": memory}})
	s := &session{
		image: image, memory: js.Global().Get("Uint8Array").New(memory.Get("buffer")),
		run: instance.Get("exports").Get("run"), stop: instance.Get("exports").Get("stop"), threads: 1,
	}
	if err := image.Write(s.write); err != nil {
		return nil, err
	}
	if d.threads > 1 {
		if err := s.hire(d.kernels, memory, d.threads); err != nil {
			d.alone = err.Error()
			s.dismiss()
		}
	}
	d.threads = s.threads
	return s, nil
}

// memory asks the browser for what the image needs, which it may refuse.
func (d *processor) memory(pages int) (_ js.Value, err error) {
	defer catch(&err)
	return js.Global().Get("WebAssembly").Get("Memory").New(map[string]any{
		"initial": pages, "maximum": pages, "shared": d.shared,
	}), nil
}

// punctual is how long the pool's threads have to come up together.
const punctual = 5 * time.Second

// hire starts threads 1 and up, and returns when all of them serve.
func (s *session) hire(kernels, memory js.Value, threads int) (err error) {
	defer catch(&err)
	for thread := 1; thread < threads; thread++ {
		w := js.Global().Get("Worker").New(kernels.Get("pool"))
		w.Set("onerror", died)
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
		if err := s.mourn(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d threads came up within %v", serving+1, threads, punctual)
		}
	}
}

// died keeps a thread's error with its worker, and from the page, which would
// take it for the engine's. It is for ever: an error may come late.
var died = js.FuncOf(func(_ js.Value, args []js.Value) any {
	args[0].Call("preventDefault")
	reason := args[0].Get("message")
	if !reason.Truthy() { // of a script that could not be loaded
		reason = js.ValueOf("its script could not be loaded")
	}
	args[0].Get("target").Set("died", reason)
	return nil
})

// mourn is the error that a thread is known to have died of.
func (s *session) mourn() error {
	for _, w := range s.pool {
		if reason := w.Get("died"); reason.Truthy() {
			return fmt.Errorf("a thread died: %s", reason.String())
		}
	}
	return nil
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

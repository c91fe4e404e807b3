package webgpu

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall/js"
	"time"

	"blastlens/wasm/device"
)

// The limits that a plan may outgrow; others keep the default that every
// device has.
var raised = []string{"maxStorageBufferBindingSize", "maxBufferSize"}

type gpu struct {
	options
	device   js.Value
	queue    js.Value
	describe string
	limits   map[string]int
	patience time.Duration // with a run
	lost     *loss

	busy sync.Mutex // held by Prepare, Run and Close: error scopes nest by device

	mu         sync.Mutex // never held while awaiting: the event loop takes it
	uncaptured error      // the first error that no scope caught
}

// patience is how long a run may take. Software adapters need seconds, a driver
// that hangs for ever.
const patience = time.Minute

// New opens the browser's GPU. The error wraps device.ErrUnavailable and says
// what is missing.
func New(opts ...Option) (_ device.Device, err error) {
	defer catch(&err, "opening the device")
	g := &gpu{limits: map[string]int{}, patience: patience, lost: newLoss()}
	for _, o := range opts {
		o(&g.options)
	}
	unavailable := func(format string, args ...any) error {
		return fmt.Errorf("webgpu: %w: %s", device.ErrUnavailable, fmt.Sprintf(format, args...))
	}
	api := js.Undefined()
	if navigator := js.Global().Get("navigator"); navigator.Truthy() {
		api = navigator.Get("gpu")
	}
	if !api.Truthy() {
		return nil, unavailable("this browser has no navigator.gpu")
	}
	adapter, err := await(g.lost, api.Call("requestAdapter", map[string]any{"powerPreference": "high-performance"}))
	if err != nil {
		return nil, unavailable("no adapter: %v", err)
	}
	if !adapter.Truthy() {
		return nil, unavailable("no adapter")
	}
	g.describe = describe(adapter)
	if g.options.hardware && strings.HasSuffix(g.describe, softwareMark) {
		return nil, unavailable("%s is slower than the CPU device", g.describe)
	}
	wanted := map[string]any{}
	for _, name := range raised {
		wanted[name] = adapter.Get("limits").Get(name)
	}
	g.device, err = await(g.lost, adapter.Call("requestDevice", map[string]any{"requiredLimits": wanted}))
	if err != nil {
		return nil, unavailable("no device on %s: %v", g.describe, err)
	}
	for _, name := range raised {
		g.limits[name] = g.device.Get("limits").Get(name).Int()
	}
	g.queue = g.device.Get("queue")
	g.watch()
	return g, nil
}

// watch keeps what the device reports by itself: its loss, and errors that no
// scope caught. Both handlers live as long as the program.
func (g *gpu) watch() {
	g.device.Get("lost").Call("then", js.FuncOf(func(_ js.Value, args []js.Value) any {
		g.lost.set(fmt.Errorf("%w: %s %s", ErrLost, stringOf(args[0], "reason"), stringOf(args[0], "message")))
		return nil
	}))
	g.device.Call("addEventListener", "uncapturederror", js.FuncOf(func(_ js.Value, args []js.Value) any {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.uncaptured == nil {
			g.uncaptured = errors.New("webgpu: " + text(args[0].Get("error")))
		}
		return nil
	}))
}

// complaint is the first error outside of all scopes.
func (g *gpu) complaint() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.uncaptured
}

// lostOr is ErrLost if the device is lost, else err. The browser may say so a
// moment after the calls that fail of it.
func (g *gpu) lostOr(err error) error {
	// Not time.After, which would bring the printing of times into the engine.
	late := make(chan struct{})
	defer time.AfterFunc(50*time.Millisecond, func() { close(late) }).Stop()
	select {
	case <-g.lost.gone:
		return g.lost.err
	case <-late:
		return err
	}
}

func (g *gpu) Name() string     { return Name }
func (g *gpu) Describe() string { return g.describe }

// softwareMark ends the description of an adapter that computes on the CPU.
const softwareMark = " (software adapter)"

// describe is the adapter's vendor, architecture and description, as far as
// the browser tells them.
func describe(adapter js.Value) string {
	info := adapter.Get("info") // absent in older browsers
	var parts []string
	software := adapter.Get("isFallbackAdapter").Truthy() // where older browsers say it
	if info.Truthy() {
		for _, property := range []string{"vendor", "architecture", "description"} {
			if s := stringOf(info, property); s != "" {
				parts = append(parts, s)
			}
		}
		software = software || info.Get("isFallbackAdapter").Truthy() || stringOf(info, "architecture") == "swiftshader"
	}
	if len(parts) == 0 {
		parts = append(parts, "unnamed adapter")
	}
	s := strings.Join(parts, " ")
	if software {
		s += softwareMark
	}
	return s
}

// Package webgpu runs a plan on a GPU: that of a browser, by syscall/js in a tab
// or a worker, or natively this machine's, by package gpu. Both run the same
// WGSL and the same list of dispatches. Activations stay on the GPU: a run
// uploads the picture, submits the list and reads the plan's outputs back, once.
package webgpu

import (
	"errors"

	"blastlens/wasm/device"
)

// ErrLost is wrapped by Run once the GPU has been taken away (driver reset,
// sleep, memory). New and Prepare may be tried again.
var ErrLost = errors.New("webgpu: device lost")

// Name of the device.
const Name = "webgpu"

// Native is what New returns outside of browsers.
type Native interface {
	device.Device
	Close() // frees the device; sessions on it fail from then on
	// Peaks are what the GPU itself reaches: GFLOP/s of fused multiply-adds in
	// registers, and GB/s read and written in copying.
	Peaks() (gflops, gbytes float64, err error)
}

// Option changes how New's device works.
type Option func(*options)

type options struct {
	progress func(done, total int)
	hardware bool
	adapter  string
	pictures int
}

// WithProgress lets Prepare report how many of its pipelines are compiled. The
// calls come one after the other, the first with done 0.
func WithProgress(report func(done, total int)) Option {
	return func(o *options) { o.progress = report }
}

// Adapter makes New, natively, take an adapter whose name has name in it, in
// whatever case. Only so it takes a software adapter. A browser chooses itself.
func Adapter(name string) Option {
	return func(o *options) { o.adapter = name }
}

// Pictures makes sessions, natively, take so many pictures in a run, one behind
// the other; so come each output's rows. 1 if it is not said, and in a browser.
func Pictures(n int) Option {
	return func(o *options) { o.pictures = n }
}

// HardwareOnly makes New refuse a software adapter, on which the CPU device is
// the faster: a browser without a GPU may still offer WebGPU. Natively it always does.
func HardwareOnly() Option {
	return func(o *options) { o.hardware = true }
}

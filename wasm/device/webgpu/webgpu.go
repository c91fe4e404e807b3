// Package webgpu runs a plan on the GPU of a browser, by syscall/js in a tab
// or a worker. Activations stay on the GPU: a run uploads the picture, submits
// one list of dispatches and reads the plan's outputs back, once. On other
// platforms New says that there is no such device.
package webgpu

import "errors"

// ErrLost is wrapped by Run once the browser has taken the GPU away (driver
// reset, sleep, memory). New and Prepare may be tried again.
var ErrLost = errors.New("webgpu: device lost")

// Name of the device.
const Name = "webgpu"

// Option changes how New's device works.
type Option func(*options)

type options struct {
	progress func(done, total int)
	hardware bool
}

// WithProgress lets Prepare report how many of its pipelines are compiled. The
// calls come one after the other, the first with done 0.
func WithProgress(report func(done, total int)) Option {
	return func(o *options) { o.progress = report }
}

// HardwareOnly makes New refuse a software adapter, on which the CPU device is
// the faster: a browser without a GPU may still offer WebGPU.
func HardwareOnly() Option {
	return func(o *options) { o.hardware = true }
}

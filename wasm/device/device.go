// Package device says what a place to run a plan must offer. The places are
// its subfolders: cpu (Go SIMD or scalar), tab (emitted WASM, several threads)
// and webgpu (a GPU: the browser's, or natively this machine's).
package device

import (
	"errors"
	"time"

	"blastlens/wasm/plan"
)

// ErrUnavailable is wrapped by New or Prepare of a device that this machine or
// browser does not have; the text says what was missing.
var ErrUnavailable = errors.New("device unavailable")

// Device prepares plans: it packs or uploads weights and compiles what it must.
type Device interface {
	// Name is short and stable: "cpu", "tab", "webgpu".
	Name() string
	// Describe says what it runs on, e.g. "Go SIMD, 512-bit, 2 threads" or an adapter's name.
	Describe() string
	Prepare(p *plan.Plan) (Session, error)
}

// Session is a plan on a device.
type Session interface {
	// Run takes a picture [H,W,3] as the plan's input and returns one slice for
	// each of the plan's outputs, in their order, owned by the caller. It may be
	// called from several goroutines.
	Run(x []float32) ([][]float32, error)
	Close()
}

// Summarizer is a Session that can say what its plan comes to on its device.
type Summarizer interface {
	Summary() string
	// Kernels names what runs for a step of the plan, each with its workgroups.
	Kernels(step int) string
}

// Profiler is a Session that can time its steps.
type Profiler interface {
	// Profile runs x, and tells how long each of the plan's steps took.
	Profile(x []float32, told func(step int, took time.Duration)) error
}

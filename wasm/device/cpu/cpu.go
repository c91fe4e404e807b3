// Package cpu runs plans on the processor: Go SIMD where the build and the
// machine have it, scalar Go elsewhere, on several threads natively.
package cpu

import (
	"fmt"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/plan"
)

type processor struct {
	threads *parallel.Pool
	ref     bool
}

// New is the processor with the given number of threads; 0 means one for each
// core that the process may use. In a tab there is always one. The threads
// serve all sessions of the device together, for the life of the process.
func New(threads int) device.Device { return processor{threads: parallel.New(threads)} }

// NewRef runs every step by its scalar reference, in float64 and one thread. It
// is slow, and what all other devices are compared with.
func NewRef() device.Device { return processor{ref: true} }

func (processor) Name() string { return "cpu" }

func (d processor) Describe() string {
	if d.ref {
		return "Go scalar reference, 1 thread"
	}
	kind := "Go scalar"
	if bits := lanes.Bits(); bits > 0 {
		kind = fmt.Sprintf("Go SIMD, %d-bit", bits)
	}
	threads := "1 thread"
	if n := d.threads.Threads(); n > 1 {
		threads = fmt.Sprintf("%d threads", n)
	}
	return kind + ", " + threads
}

// Prepare checks the plan and packs its weights for this machine. The plan may
// not be changed afterwards.
func (d processor) Prepare(p *plan.Plan) (device.Session, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	s := &session{plan: p}
	for i, step := range p.Steps {
		run := d.bind
		if d.ref {
			run = bindRef
		}
		k, err := run(p, step)
		if err != nil {
			return nil, fmt.Errorf("cpu: step %d (%s %s): %w", i, step.Op, step.Name, err)
		}
		s.kernels = append(s.kernels, k)
	}
	return s, nil
}

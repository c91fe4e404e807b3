package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"blastlens/wasm/device"
)

// Step is one step of the plan and how long it took.
type Step struct {
	Name, Op, Shape string
	Kernels         string // on a device that has several, with their workgroups
	MACs            int
	Took            time.Duration // median
}

var errNoProfile = errors.New("this device times no steps")

// Summary says what the plan comes to on the device that answers now, or "".
func (e *Engine) Summary() string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.active == nil {
		return ""
	}
	s, _ := e.active.session.(device.Summarizer)
	if s == nil {
		return ""
	}
	return s.Summary()
}

// Profile times each step of the plan on the device that answers now, on the
// self-test's input. A device that fails here is replaced by the next Infer.
func (e *Engine) Profile(runs int) (steps []Step, err error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	defer func() {
		if v := recover(); v != nil {
			steps, err = nil, fmt.Errorf("timing the steps: %v", v)
		}
	}()
	if e.active == nil {
		return nil, ErrNoDevice
	}
	profiler, ok := e.active.session.(device.Profiler)
	if !ok {
		return nil, errNoProfile
	}
	p := e.bundle.Plan
	took := make([][]time.Duration, len(p.Steps))
	for run := range runs + 1 { // the first one warms up
		err := profiler.Profile(e.golden, func(step int, t time.Duration) {
			if run > 0 {
				took[step] = append(took[step], t)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("timing the steps: %w", err)
		}
	}
	summarizer, _ := profiler.(device.Summarizer)
	for i, s := range p.Steps {
		slices.Sort(took[i])
		step := Step{Name: s.Name, Op: string(s.Op), Shape: p.Shape(s), MACs: p.MACs(s), Took: took[i][len(took[i])/2]}
		if summarizer != nil {
			step.Kernels = summarizer.Kernels(i)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

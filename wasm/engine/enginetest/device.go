package enginetest

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"blastlens/wasm/device"
	"blastlens/wasm/engine"
	"blastlens/wasm/plan"
)

// Device runs Model by plain loops and fails as told.
type Device struct {
	Title string
	Open  error // of New
	// Fault is asked before each run of any session, counted from 1; unless it
	// or its answer is nil, the answer decides what the run returns.
	Fault func(run int) *Fault

	mu           sync.Mutex
	runs         int
	opened, live int
}

// Fault is what goes wrong in a run: the first field that is set.
type Fault struct {
	Panic  string
	Change func(outputs [][]float32) [][]float32
	Err    error
}

// Between is a Device's Fault from the n-th run to the m-th.
func Between(n, m int, f Fault) func(int) *Fault {
	return func(run int) *Fault {
		if run >= n && run <= m {
			return &f
		}
		return nil
	}
}

// Candidate offers d to an engine.
func (d *Device) Candidate() engine.Candidate {
	return engine.Candidate{Title: d.Title, New: func() (device.Device, error) {
		if d.Open != nil {
			return nil, d.Open
		}
		return d, nil
	}}
}

// Sessions returns how many were prepared, and how many are not closed.
func (d *Device) Sessions() (opened, live int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened, d.live
}

// Name is the title in small letters.
func (d *Device) Name() string { return strings.ToLower(d.Title) }

// Describe is part of device.Device.
func (d *Device) Describe() string { return "a test's " + d.Name() }

// Prepare is part of device.Device.
func (d *Device) Prepare(p *plan.Plan) (device.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened++
	own := *p
	own.Weights, own.Source = slices.Clone(p.Weights), nil
	for i := range own.Weights {
		var err error
		if own.Weights[i].Data, err = p.Weight(i, nil); err != nil {
			return nil, err
		}
	}
	d.live++
	return &session{device: d, plan: &own}, nil
}

type session struct {
	device *Device
	plan   *plan.Plan
	closed bool
}

func (s *session) Close() {
	s.device.mu.Lock()
	defer s.device.mu.Unlock()
	s.closed = true
	s.device.live--
}

func (s *session) Run(x []float32) ([][]float32, error) {
	s.device.mu.Lock()
	closed := s.closed
	s.device.runs++
	var fault *Fault
	if s.device.Fault != nil {
		fault = s.device.Fault(s.device.runs)
	}
	s.device.mu.Unlock()
	if closed {
		return nil, errors.New("run on a closed session")
	}
	drawn, tint := logits(s.plan, x)
	outputs := [][]float32{drawn, tint}
	switch {
	case fault == nil:
		return outputs, nil
	case fault.Panic != "":
		panic(fault.Panic)
	case fault.Change != nil:
		return fault.Change(outputs), nil
	}
	return nil, fault.Err
}

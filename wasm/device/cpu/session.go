package cpu

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"blastlens/wasm/plan"
)

// memory is the buffers of one run.
type memory [][]float32

// kernel runs one step in the buffers of a run.
type kernel func(memory)

type session struct {
	plan    *plan.Plan
	kernels []kernel

	mu     sync.Mutex
	free   []memory // as many as runs were ever under way at once
	closed bool
}

var errClosed = errors.New("cpu: session is closed")

// Run takes a picture [H,W,3] and returns the plan's outputs. Runs that are
// under way at the same time have buffers of their own and share the weights.
func (s *session) Run(x []float32) ([][]float32, error) {
	m, err := s.begin(x)
	if err != nil {
		return nil, err
	}
	defer s.giveBack(m)
	for _, run := range s.kernels {
		run(m)
	}
	out := make([][]float32, len(s.plan.Outputs))
	for i, o := range s.plan.Outputs {
		v := s.plan.Values[o.Value]
		out[i] = append([]float32(nil), m[v.Buffer][:v.Len()]...)
	}
	return out, nil
}

// Profile is part of device.Profiler.
func (s *session) Profile(x []float32, told func(step int, took time.Duration)) error {
	m, err := s.begin(x)
	if err != nil {
		return err
	}
	defer s.giveBack(m)
	for i, run := range s.kernels {
		start := time.Now()
		run(m)
		told(i, time.Since(start))
	}
	return nil
}

// begin is the buffers of a run of x, to be given back.
func (s *session) begin(x []float32) (memory, error) {
	in := s.plan.Values[s.plan.Input]
	if len(x) != in.Len() {
		return nil, fmt.Errorf("cpu: input has %d values, want %d x %d x %d", len(x), in.H, in.W, in.C)
	}
	m, err := s.borrow()
	if err != nil {
		return nil, err
	}
	copy(m[in.Buffer], x)
	return m, nil
}

// Close drops the buffers; later runs fail. Runs under way end well.
func (s *session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.free = true, nil
}

func (s *session) borrow() (memory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if n := len(s.free); n > 0 {
		m := s.free[n-1]
		s.free = s.free[:n-1]
		return m, nil
	}
	m := make(memory, len(s.plan.Buffers))
	for i, n := range s.plan.Buffers {
		m[i] = make([]float32, n)
	}
	return m, nil
}

func (s *session) giveBack(m memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.free = append(s.free, m)
	}
}

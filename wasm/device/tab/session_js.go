package tab

import (
	"errors"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"blastlens/wasm/kernel/blocked"
)

var errClosed = errors.New("tab: session is closed")

type session struct {
	image     *Image
	memory    js.Value // Uint8Array of all of it
	run, stop js.Value // exports of the first thread's instance
	pool      []js.Value
	threads   int

	mu     sync.Mutex // held during a run: there is one set of buffers
	closed bool
	failed error // of a run: what the memory holds since then, nobody knows
}

func (s *session) write(c Chunk) {
	js.CopyBytesToJS(s.view(c.At, len(c.Floats)), bytes(c.Floats))
}

func (s *session) view(at, floats int) js.Value {
	return s.memory.Call("subarray", at, at+4*floats)
}

// Run takes a picture [H,W,3] and returns the plan's outputs. After a run that
// failed in its steps, all later ones fail: what holds the memory may be alive.
func (s *session) Run(x []float32) (_ [][]float32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer catch(&err)
	if err := s.input(x); err != nil {
		return nil, err
	}
	if err := s.compute(); err != nil {
		return nil, err
	}
	outputs := make([][]float32, len(s.image.plan.Outputs))
	for i := range outputs {
		at, floats := s.image.Output(i)
		raw := make([]float32, floats)
		js.CopyBytesToGo(bytes(raw), s.view(at, floats))
		outputs[i] = s.image.Take(i, raw)
	}
	return outputs, nil
}

// Profile is part of device.Profiler: the records of one step at a time.
func (s *session) Profile(x []float32, told func(step int, took time.Duration)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer catch(&err)
	if err := s.input(x); err != nil {
		return err
	}
	records := s.image.Records
	choose := func(from, to int) {
		s.write(Chunk{blocked.Steps, []float32{bits(blocked.HeaderBytes + from*blocked.RecordBytes), bits(to - from)}})
	}
	for from, to := 0, 0; from < len(records); from = to {
		for to = from + 1; to < len(records) && records[to].Step == records[from].Step; to++ {
		}
		choose(from, to)
		start := time.Now()
		if err := s.compute(); err != nil {
			return err
		}
		told(records[from].Step, time.Since(start))
	}
	choose(0, len(records))
	return nil
}

// input writes x where the steps read it.
func (s *session) input(x []float32) error {
	if s.closed {
		return errClosed
	}
	if s.failed != nil {
		return s.failed
	}
	if in := s.image.plan.Values[s.image.plan.Input]; len(x) != in.Len() {
		return fmt.Errorf("tab: input has %d values, want %d x %d x %d", len(x), in.H, in.W, in.C)
	}
	for _, c := range s.image.Input(x) {
		s.write(c)
	}
	return nil
}

// compute runs the steps on what stands in the memory.
func (s *session) compute() (err error) {
	defer func() {
		if err != nil {
			s.failed = err
			s.dismiss()
		}
	}()
	defer catch(&err)
	if err := s.mourn(); err != nil { // it would be waited for
		return fmt.Errorf("tab: %w", err)
	}
	if s.run.Invoke(s.threads).Int() != 0 {
		return fmt.Errorf("tab: one of %d threads did not come to a step in time", s.threads)
	}
	return nil
}

// Close ends the other threads and lets go of the memory; later runs fail.
func (s *session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.dismiss()
	s.memory, s.run, s.stop = js.Undefined(), js.Undefined(), js.Undefined()
}

// dismiss sends the pool home; a thread that cannot be woken is ended.
func (s *session) dismiss() {
	if len(s.pool) > 0 {
		s.stop.Invoke()
	}
	for _, w := range s.pool {
		w.Call("terminate")
	}
	s.pool, s.threads = nil, 1
}

//go:build (linux || darwin || windows) && (amd64 || arm64)

package webgpu

import (
	"errors"
	"fmt"
	"math"
	"time"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/gpu"
	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
)

type native struct {
	options
	gpu *gpu.Device
}

// New opens this machine's GPU; a software adapter only by its name. The error
// wraps device.ErrUnavailable and says what is missing. The device is a
// Native.
func New(opts ...Option) (device.Device, error) {
	n := &native{options: options{pictures: 1}}
	for _, o := range opts {
		o(&n.options)
	}
	g, err := gpu.Open(n.adapter)
	if err != nil {
		return nil, fmt.Errorf("webgpu: %w: %w", device.ErrUnavailable, err)
	}
	n.gpu = g
	return n, nil
}

func (n *native) Name() string     { return Name }
func (n *native) Describe() string { return n.gpu.Describe() }

// Peaks implements Native.
func (n *native) Peaks() (gflops, gbytes float64, err error) { return n.gpu.Peaks() }

// Close implements Native.
func (n *native) Close() { n.gpu.Close() }

// Prepare uploads the weights, compiles the pipelines, equal ones once, and
// binds every dispatch.
func (n *native) Prepare(p *plan.Plan) (device.Session, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("webgpu: %w", err)
	}
	list, scratchLen, err := dispatches(p, wgsl.Target{Pictures: n.pictures, Software: n.gpu.Software()})
	if err != nil {
		return nil, err
	}
	if err := fits(p, n.pictures, n.gpu.MaxBuffer(), n.Describe()); err != nil {
		return nil, err
	}
	s := &nativeSession{program: n.gpu.NewProgram(), list: list, summary: summary(p, n.pictures, list, n.gpu.MaxBuffer())}
	if err := s.build(p, n.pictures, list, scratchLen, n.progress); err != nil {
		s.Close()
		return nil, lost(fmt.Errorf("webgpu: preparing the plan: %w", err))
	}
	return s, nil
}

type nativeSession struct {
	program  *gpu.Program
	list     []dispatch
	summary  string
	input    gpu.Buffer
	inputLen int
	names    []string // of the outputs
	lens     []int
}

func (s *nativeSession) build(p *plan.Plan, pictures int, list []dispatch, scratchLen int, progress func(done, total int)) (err error) {
	storage := map[memory]gpu.Buffer{}
	for i, n := range p.Buffers {
		if storage[memory{slot, i}], err = s.program.Buffer(fmt.Sprintf("buffer %d", i), pictures*n); err != nil {
			return err
		}
	}
	if scratchLen > 0 {
		if storage[memory{scratch, 0}], err = s.program.Buffer("scratch", scratchLen); err != nil {
			return err
		}
	}
	var room []float32
	for i, w := range p.Weights {
		if room, err = p.Weight(i, room); err != nil {
			return err
		}
		b, err := s.program.Buffer(w.Name, len(room))
		if err != nil {
			return err
		}
		if err := s.program.Write(b, room); err != nil {
			return err
		}
		storage[memory{weight, i}] = b
	}
	in := p.Values[p.Input]
	s.input, s.inputLen = storage[memory{slot, in.Buffer}], pictures*in.Len()
	for _, o := range p.Outputs {
		v := p.Values[o.Value]
		s.program.Output(storage[memory{slot, v.Buffer}], pictures*v.Len())
		s.names, s.lens = append(s.names, o.Name), append(s.lens, pictures*v.Len())
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	progress(0, len(list))
	for i, d := range list {
		buffers := make([]gpu.Buffer, len(d.bindings))
		for j, m := range d.bindings {
			buffers[j] = storage[m]
		}
		if err := s.program.Add(d.kernel, buffers); err != nil {
			return err
		}
		progress(i+1, len(list))
	}
	return nil
}

// Run implements device.Session. Values that are not finite are an error.
func (s *nativeSession) Run(x []float32) ([][]float32, error) {
	if len(x) != s.inputLen {
		return nil, fmt.Errorf("webgpu: the input has %d values, the plan wants %d", len(x), s.inputLen)
	}
	y, err := s.program.Run(s.input, x)
	if err != nil {
		return nil, lost(fmt.Errorf("webgpu: %w", err))
	}
	all := make([][]float32, len(s.names))
	for i, name := range s.names {
		all[i], y = y[:s.lens[i]:s.lens[i]], y[s.lens[i]:]
		for j, v := range all[i] {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("webgpu: output %s: value %d is %v", name, j, v)
			}
		}
	}
	return all, nil
}

// Summary implements device.Summarizer.
func (s *nativeSession) Summary() string { return s.summary }

// Kernels implements device.Summarizer.
func (s *nativeSession) Kernels(step int) string { return kernels(s.list, step) }

// Profile implements device.Profiler.
func (s *nativeSession) Profile(x []float32, told func(step int, took time.Duration)) error {
	if _, err := s.Run(x); err != nil {
		return err
	}
	if err := profile(s.list, s.program.Repeat, told); err != nil {
		return lost(fmt.Errorf("webgpu: %w", err))
	}
	return nil
}

// Close frees the GPU's memory; a run in progress ends first.
func (s *nativeSession) Close() { s.program.Close() }

// lost makes the loss of a device the one that callers of this package know.
func lost(err error) error {
	if errors.Is(err, gpu.ErrLost) {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

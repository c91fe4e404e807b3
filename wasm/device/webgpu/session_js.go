package webgpu

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall/js"
	"time"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
)

// GPUBufferUsage and GPUMapMode of the WebGPU specification.
const (
	usageMapRead = 0x0001
	usageCopySrc = 0x0004
	usageCopyDst = 0x0008
	usageUniform = 0x0040
	usageStorage = 0x0080
	mapModeRead  = 0x0001
)

// scopes are the kinds of error that Prepare and the first run look for.
var scopes = []string{"validation", "out-of-memory", "internal"}

type session struct {
	gpu      *gpu
	list     []dispatch
	summary  string
	input    js.Value // GPUBuffer of the picture
	inputLen int
	upload   js.Value // Uint8Array as long as the picture
	steps    []encoded
	outputs  []output
	staging  js.Value // GPUBuffer that all outputs are copied to
	buffers  []js.Value

	read   []byte // staging's bytes
	tested bool   // a run went through with its errors looked for
	closed bool
}

// encoded is a dispatch as it is replayed.
type encoded struct {
	pipeline, group js.Value
	x, y, z         int
}

// output is a part of the staging buffer.
type output struct {
	name       string
	from       js.Value
	offset, by int // in bytes
}

// Prepare uploads the weights, compiles the pipelines, equal ones once and all
// at the same time, and binds every dispatch.
func (g *gpu) Prepare(p *plan.Plan) (device.Session, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("webgpu: %w", err)
	}
	list, scratchLen, err := dispatches(p, wgsl.Target{Pictures: 1, Software: strings.HasSuffix(g.describe, softwareMark)})
	if err != nil {
		return nil, err
	}
	if err := fits(p, 1, min(g.limits["maxStorageBufferBindingSize"], g.limits["maxBufferSize"]), g.describe); err != nil {
		return nil, err
	}
	if err := g.lost.Err(); err != nil {
		return nil, err
	}
	g.busy.Lock()
	defer g.busy.Unlock()
	s := &session{gpu: g, list: list, summary: summary(p, 1, list, min(g.limits["maxStorageBufferBindingSize"], g.limits["maxBufferSize"]))}
	g.push()
	err = s.build(p, list, scratchLen)
	if scoped := g.caught(g.pop()); scoped != nil {
		err = fmt.Errorf("webgpu: preparing the plan: %w", errors.Join(err, scoped))
	}
	if err != nil {
		s.free()
		return nil, g.lostOr(err)
	}
	return s, nil
}

func (s *session) build(p *plan.Plan, list []dispatch, scratchLen int) (err error) {
	defer catch(&err, "preparing the plan")
	g := s.gpu
	compiling := g.compile(list) // while the weights are uploaded
	storage := map[memory]js.Value{}
	for i, n := range p.Buffers {
		storage[memory{slot, i}] = s.buffer(fmt.Sprintf("buffer %d", i), size(n), usageStorage|usageCopySrc|usageCopyDst)
	}
	if scratchLen > 0 {
		storage[memory{scratch, 0}] = s.buffer("scratch", size(scratchLen), usageStorage)
	}
	var room []float32
	for i, w := range p.Weights {
		if room, err = p.Weight(i, room); err != nil {
			return err
		}
		storage[memory{weight, i}] = s.filled(w.Name, size(len(room)), bytes(room), usageStorage)
	}
	in := p.Values[p.Input]
	s.input, s.inputLen = storage[memory{slot, in.Buffer}], in.Len()
	s.upload = js.Global().Get("Uint8Array").New(4 * s.inputLen)
	total := 0
	for _, o := range p.Outputs {
		v := p.Values[o.Value]
		s.outputs = append(s.outputs, output{o.Name, storage[memory{slot, v.Buffer}], total, 4 * v.Len()})
		total += 4 * v.Len()
	}
	s.staging = s.buffer("outputs", total, usageMapRead|usageCopyDst)
	s.read = make([]byte, total)

	pipelines, err := compiling.await(g)
	if err != nil {
		return err
	}
	for _, d := range list {
		pipeline := pipelines[d.kernel.Source]
		entries := make([]any, 0, len(d.bindings)+1)
		bind := func(b js.Value) {
			entries = append(entries, map[string]any{"binding": len(entries), "resource": map[string]any{"buffer": b}})
		}
		for _, m := range d.bindings {
			bind(storage[m])
		}
		bind(s.filled(d.kernel.Name, d.kernel.ShapeBytes(), bytes(d.kernel.Shape), usageUniform))
		group := g.device.Call("createBindGroup", map[string]any{
			"label": d.kernel.Name, "layout": pipeline.Call("getBindGroupLayout", 0), "entries": entries,
		})
		s.steps = append(s.steps, encoded{pipeline, group, int(d.kernel.Groups[0]), int(d.kernel.Groups[1]), int(d.kernel.Groups[2])})
	}
	return nil
}

func (s *session) buffer(label string, bytes, usage int) js.Value {
	b := s.gpu.device.Call("createBuffer", map[string]any{"label": label, "size": bytes, "usage": usage})
	s.buffers = append(s.buffers, b)
	return b
}

// filled is a buffer that begins with contents.
func (s *session) filled(label string, size int, contents []byte, usage int) js.Value {
	b := s.buffer(label, size, usage|usageCopyDst)
	raw := js.Global().Get("Uint8Array").New(len(contents))
	js.CopyBytesToJS(raw, contents)
	s.gpu.queue.Call("writeBuffer", b, 0, raw)
	return b
}

// compiled is a pipeline of a source, or why there is none.
type compiled struct {
	source   string
	pipeline js.Value
	err      error
}

// compilation is all pipelines on their way.
type compilation struct {
	count   int
	results chan compiled
}

// compile begins one pipeline for each different source.
func (g *gpu) compile(list []dispatch) compilation {
	started := map[string]bool{}
	all := compilation{results: make(chan compiled, len(list))}
	for _, d := range list {
		k := d.kernel
		if started[k.Source] {
			continue
		}
		started[k.Source] = true
		module := g.device.Call("createShaderModule", map[string]any{"label": k.Name, "code": k.Source})
		promise := g.device.Call("createComputePipelineAsync", map[string]any{
			"label": k.Name, "layout": "auto", "compute": map[string]any{"module": module, "entryPoint": "main"},
		})
		go func() {
			pipeline, err := await(g.lost, promise)
			if err != nil {
				err = fmt.Errorf("webgpu: compiling %s: %w%s", k.Name, err, g.complaints(module))
			}
			all.results <- compiled{k.Source, pipeline, err}
		}()
	}
	all.count = len(started)
	return all
}

// await returns the pipelines by their source once all are there, so that none
// is left behind.
func (c compilation) await(g *gpu) (map[string]js.Value, error) {
	pipelines := map[string]js.Value{}
	var failed error
	for done := range c.count + 1 {
		if g.progress != nil {
			g.progress(done, c.count)
		}
		if done == c.count {
			break
		}
		r := <-c.results
		pipelines[r.source] = r.pipeline
		if failed == nil {
			failed = r.err
		}
	}
	return pipelines, failed
}

// complaints are the compiler's messages about a shader, one a line.
func (g *gpu) complaints(module js.Value) string {
	info, err := await(g.lost, module.Call("getCompilationInfo"))
	if err != nil {
		return ""
	}
	all, s := info.Get("messages"), ""
	for i := range all.Length() {
		m := all.Index(i)
		s += fmt.Sprintf("\n%s, line %d: %s", stringOf(m, "type"), m.Get("lineNum").Int(), stringOf(m, "message"))
	}
	return s
}

// push opens an error scope of every kind.
func (g *gpu) push() {
	for _, kind := range scopes {
		g.device.Call("pushErrorScope", kind)
	}
}

// pop closes the scopes that push opened; caught awaits what they say.
func (g *gpu) pop() []js.Value {
	var promises []js.Value
	for range scopes {
		promises = append(promises, g.device.Call("popErrorScope"))
	}
	return promises
}

func (g *gpu) caught(promises []js.Value) error {
	var all []error
	for i, promise := range promises {
		caught, err := await(g.lost, promise)
		switch kind := scopes[len(scopes)-1-i]; {
		case err != nil:
			all = append(all, err)
		case caught.Truthy():
			all = append(all, fmt.Errorf("%s: %s", kind, text(caught)))
		}
	}
	return errors.Join(all...)
}

// Run implements device.Session. Values that are not finite are an error.
func (s *session) Run(x []float32) ([][]float32, error) {
	if len(x) != s.inputLen {
		return nil, fmt.Errorf("webgpu: the input has %d values, the plan wants %d", len(x), s.inputLen)
	}
	g := s.gpu
	g.busy.Lock()
	defer g.busy.Unlock()
	if s.closed {
		return nil, errors.New("webgpu: the session is closed")
	}
	if err := g.lost.Err(); err != nil {
		return nil, err
	}
	if !s.tested {
		g.push()
	}
	err := s.compute(x)
	if !s.tested {
		if scoped := g.caught(g.pop()); scoped != nil {
			err = fmt.Errorf("webgpu: first run: %w", errors.Join(err, scoped))
		}
	}
	if err == nil {
		err = g.complaint()
	}
	if err != nil {
		return nil, g.lostOr(err)
	}
	s.tested = true
	return s.results()
}

// compute writes the picture, replays the dispatches and reads the outputs.
func (s *session) compute(x []float32) (err error) {
	defer catch(&err, "running the plan")
	g := s.gpu
	js.CopyBytesToJS(s.upload, bytes(x))
	g.queue.Call("writeBuffer", s.input, 0, s.upload)
	encoder := g.device.Call("createCommandEncoder")
	s.encode(encoder, s.steps, 1)
	for _, o := range s.outputs {
		encoder.Call("copyBufferToBuffer", o.from, 0, s.staging, o.offset, o.by)
	}
	if _, err := s.submit(encoder, func() js.Value { return s.staging.Call("mapAsync", mapModeRead) }); err != nil {
		return fmt.Errorf("webgpu: reading the outputs: %w", err)
	}
	js.CopyBytesToGo(s.read, js.Global().Get("Uint8Array").New(s.staging.Call("getMappedRange")))
	s.staging.Call("unmap")
	return nil
}

// encode records steps in a pass, n times over.
func (s *session) encode(encoder js.Value, steps []encoded, n int) {
	pass := encoder.Call("beginComputePass")
	// Bound once a run: Invoke is cheaper than Call, and there are hundreds.
	bound := func(method string) js.Value { return pass.Get(method).Call("bind", pass) }
	setPipeline, setBindGroup, dispatch := bound("setPipeline"), bound("setBindGroup"), bound("dispatchWorkgroups")
	for range n {
		for _, e := range steps {
			setPipeline.Invoke(e.pipeline)
			setBindGroup.Invoke(0, e.group)
			dispatch.Invoke(e.x, e.y, e.z)
		}
	}
	pass.Call("end")
}

// submit starts what was recorded and awaits what end promises, as long as
// patience lasts.
func (s *session) submit(encoder js.Value, end func() js.Value) (took time.Duration, err error) {
	g := s.gpu
	commands := []any{encoder.Call("finish")}
	start := time.Now()
	g.queue.Call("submit", commands)
	hung := newLoss()
	defer time.AfterFunc(g.patience, func() {
		hung.set(fmt.Errorf("%s did not answer within %d ms", g.describe, g.patience.Milliseconds()))
	}).Stop()
	_, err = awaitUnless(g.lost, hung, end())
	return time.Since(start), err
}

// Summary implements device.Summarizer.
func (s *session) Summary() string { return s.summary }

// Kernels implements device.Summarizer.
func (s *session) Kernels(step int) string { return kernels(s.list, step) }

// Profile implements device.Profiler.
func (s *session) Profile(x []float32, told func(step int, took time.Duration)) (err error) {
	if _, err := s.Run(x); err != nil {
		return err
	}
	g := s.gpu
	g.busy.Lock()
	defer g.busy.Unlock()
	if s.closed {
		return errors.New("webgpu: the session is closed")
	}
	defer catch(&err, "timing the steps")
	return profile(s.list, func(first, end, n int) (time.Duration, error) {
		encoder := g.device.Call("createCommandEncoder")
		s.encode(encoder, s.steps[first:end], n)
		return s.submit(encoder, func() js.Value { return g.queue.Call("onSubmittedWorkDone") })
	}, told)
}

// results are the outputs in the bytes that were read back.
func (s *session) results() ([][]float32, error) {
	all := make([][]float32, len(s.outputs))
	for i, o := range s.outputs {
		y := make([]float32, o.by/4)
		copy(bytes(y), s.read[o.offset:])
		for j, v := range y {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("webgpu: output %s: value %d is %v", o.name, j, v)
			}
		}
		all[i] = y
	}
	return all, nil
}

// Close frees the GPU's memory; a run in progress ends first.
func (s *session) Close() {
	s.gpu.busy.Lock()
	defer s.gpu.busy.Unlock()
	s.free()
}

func (s *session) free() {
	for _, b := range s.buffers {
		b.Call("destroy")
	}
	s.buffers, s.closed = nil, true
}

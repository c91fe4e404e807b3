//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"

	"blastlens/wasm/kernel/wgsl"
)

// Program is a list of kernels and their buffers on a device: it is put together
// once, and run as one submission with one readback.
type Program struct {
	device    *Device
	pipelines map[string]pipeline // by source
	root      *Program            // whose pipelines they are, if it is a Sibling
	steps     []step
	outputs   []output
	staging   *wgpu.Buffer // where all outputs are read from
	total     int          // bytes of the outputs
	owned     []interface{ Release() }
	closed    bool
}

// Buffer is storage on the device.
type Buffer struct {
	raw          *wgpu.Buffer
	offset, size uint64 // of what is bound
}

type pipeline struct {
	layout *wgpu.BindGroupLayout
	raw    *wgpu.ComputePipeline
}

type step struct {
	pipeline *wgpu.ComputePipeline
	group    *wgpu.BindGroup
	groups   [3]uint32
}

type output struct {
	from   *wgpu.Buffer
	offset uint64
	bytes  int
}

// NewProgram begins an empty one.
func (d *Device) NewProgram() *Program {
	return &Program{device: d, pipelines: map[string]pipeline{}}
}

// Buffer makes storage for n float32, rounded up to whole vectors of four.
func (p *Program) Buffer(label string, n int) (b Buffer, err error) {
	d := p.device
	size := (n + 3) / 4 * 16
	if size > d.MaxBuffer() {
		return b, fmt.Errorf("%s has %d bytes, %s allows %d", label, size, d.describe, d.MaxBuffer())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.within(fmt.Sprintf("allocating %s, %d bytes", label, size), func(context.Context) (err error) {
		b.raw, err = d.device.CreateBuffer(&wgpu.BufferDescriptor{
			Label: label, Size: uint64(size), Usage: wgpu.BufferUsageStorage | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		})
		return err
	})
	if err == nil {
		b.size = uint64(size)
		p.owned = append(p.owned, b.raw)
	}
	return b, err
}

// Write puts values into the beginning of a buffer.
func (p *Program) Write(b Buffer, values []float32) error {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.within("uploading "+b.raw.Label(), func(context.Context) error {
		return d.queue.WriteBuffer(b.raw, b.offset, bytes(values))
	})
}

// Add appends a kernel; buffers are those of its bindings, in their order.
func (p *Program) Add(k wgsl.Kernel, buffers []Buffer) error {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.within("preparing kernel "+k.Name, func(context.Context) error {
		compiled, ok := p.pipelines[k.Source]
		if !ok {
			var err error
			if compiled, err = p.owner().compile(k); err != nil {
				return err
			}
			p.pipelines[k.Source] = compiled
		}
		entries := make([]wgpu.BindGroupEntry, len(buffers), len(buffers)+1)
		for i, b := range buffers {
			entries[i] = wgpu.BindGroupEntry{Binding: uint32(i), Buffer: b.raw, Offset: b.offset, Size: b.size}
		}
		if len(k.Shape) > 0 {
			shape, err := p.uniform(k)
			if err != nil {
				return err
			}
			entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(len(buffers)), Buffer: shape, Size: shape.Size()})
		}
		group, err := d.device.CreateBindGroup(&wgpu.BindGroupDescriptor{Label: k.Name, Layout: compiled.layout, Entries: entries})
		if err != nil {
			return err
		}
		p.owned = append(p.owned, group)
		p.steps = append(p.steps, step{compiled.raw, group, k.Groups})
		return nil
	})
}

// uniform makes the buffer with a kernel's shape.
func (p *Program) uniform(k wgsl.Kernel) (*wgpu.Buffer, error) {
	d := p.device
	b, err := d.device.CreateBuffer(&wgpu.BufferDescriptor{
		Label: k.Name, Size: uint64(k.ShapeBytes()), Usage: wgpu.BufferUsageUniform | wgpu.BufferUsageCopyDst,
	})
	if err != nil {
		return nil, err
	}
	p.owned = append(p.owned, b)
	return b, d.queue.WriteBuffer(b, 0, bytes(k.Shape))
}

func (p *Program) compile(k wgsl.Kernel) (c pipeline, err error) {
	d := p.device.device
	module, err := d.CreateShaderModule(&wgpu.ShaderModuleDescriptor{Label: k.Name, WGSL: k.Source})
	if err != nil {
		return c, err
	}
	defer module.Release()
	entries, err := layout(k.Source)
	if err != nil {
		return c, err
	}
	if c.layout, err = d.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: k.Name, Entries: entries}); err != nil {
		return c, err
	}
	p.owned = append(p.owned, c.layout)
	all, err := d.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: k.Name, BindGroupLayouts: []*wgpu.BindGroupLayout{c.layout}})
	if err != nil {
		return c, err
	}
	p.owned = append(p.owned, all)
	c.raw, err = d.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Label: k.Name, Layout: all, Module: module, EntryPoint: "main"})
	if err == nil {
		p.owned = append(p.owned, c.raw)
	}
	return c, err
}

var (
	declaration = regexp.MustCompile(`(?m)^@group\(0\) @binding\((\d+)\) var<([a-z_, ]+)>`)
	bindings    = map[string]gputypes.BufferBindingType{
		"storage, read":       gputypes.BufferBindingTypeReadOnlyStorage,
		"storage, read_write": gputypes.BufferBindingTypeStorage,
		"uniform":             gputypes.BufferBindingTypeUniform,
	}
)

// layout is what WebGPU's layout "auto" is in a browser: it reads the bindings
// off the source, as package wgsl declares them.
func layout(source string) (entries []gputypes.BindGroupLayoutEntry, err error) {
	for _, m := range declaration.FindAllStringSubmatch(source, -1) {
		kind, ok := bindings[m[2]]
		number, numberErr := strconv.Atoi(m[1])
		if !ok || numberErr != nil {
			return nil, fmt.Errorf("binding %s is var<%s>, want a storage buffer or a uniform block", m[1], m[2])
		}
		entries = append(entries, gputypes.BindGroupLayoutEntry{
			Binding: uint32(number), Visibility: wgpu.ShaderStageCompute, Buffer: &gputypes.BufferBindingLayout{Type: kind},
		})
	}
	return entries, nil
}

// Output appends the first n float32 of a buffer to what Run returns.
func (p *Program) Output(b Buffer, n int) {
	p.outputs = append(p.outputs, output{b.raw, b.offset, 4 * n})
	p.total += 4 * n
}

// Run writes x into a buffer, runs all kernels in their order and returns the
// outputs, one after the other. Nothing that an earlier run left is ever
// returned: if the GPU does not write an output, the output is not a number.
func (p *Program) Run(in Buffer, x []float32) ([]float32, error) {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.closed {
		return nil, errors.New("the program is closed")
	}
	y := make([]float32, p.total/4)
	err := d.within(fmt.Sprintf("running %d kernels", len(p.steps)), func(ctx context.Context) error {
		if err := p.stage(); err != nil {
			return err
		}
		if err := d.queue.WriteBuffer(in.raw, 0, bytes(x)); err != nil {
			return err
		}
		submission, err := p.submit(p.steps, p.outputs)
		if err != nil {
			return err
		}
		if err := d.wait(ctx, submission); err != nil {
			return err
		}
		return p.read(y)
	})
	if err != nil {
		return nil, err
	}
	return y, nil
}

// stage makes, once, the buffer that outputs are read from.
func (p *Program) stage() (err error) {
	if p.staging != nil {
		return nil
	}
	b, err := p.device.device.CreateBuffer(&wgpu.BufferDescriptor{
		Label: "outputs", Size: uint64(p.total), Usage: wgpu.BufferUsageMapRead | wgpu.BufferUsageCopyDst, MappedAtCreation: true,
	})
	if err != nil {
		return err
	}
	p.owned = append(p.owned, b)
	mapped, err := b.MappedRange(0, uint64(p.total))
	if err != nil {
		return err
	}
	spoil(mapped.Bytes())
	p.staging = b
	return b.Unmap()
}

// spoil makes memory that is to be overwritten not a number.
func spoil(memory []byte) {
	for i := range memory {
		memory[i] = 0xff
	}
}

// submit records and starts kernels and the copies of outputs.
func (p *Program) submit(steps []step, outputs []output) (submission uint64, err error) {
	commands, err := p.record(steps, outputs)
	if err != nil {
		return 0, err
	}
	return p.device.queue.Submit(commands)
}

func (p *Program) record(steps []step, outputs []output) (*wgpu.CommandBuffer, error) {
	encoder, err := p.device.device.CreateCommandEncoder(nil)
	if err != nil {
		return nil, err
	}
	pass, err := encoder.BeginComputePass(nil)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		pass.SetPipeline(s.pipeline)
		pass.SetBindGroup(0, s.group, nil)
		pass.Dispatch(s.groups[0], s.groups[1], s.groups[2])
	}
	if err := pass.End(); err != nil {
		return nil, err
	}
	offset := 0
	for _, o := range outputs {
		encoder.CopyBufferToBuffer(o.from, o.offset, p.staging, uint64(offset), uint64(o.bytes))
		offset += o.bytes
	}
	return encoder.Finish() // with the first error of all that was recorded
}

// attentive is how long a wait asks without a pause: a card answers within
// milliseconds, and a timer may take one by itself. A software adapter needs the
// processor for its answer.
const attentive = 10 * time.Millisecond

// wait returns once a submission is completed. The library's own wait does not
// tell a lost device from an idle one, and has no end where a driver hangs.
func (d *Device) wait(ctx context.Context, submission uint64) error {
	for start := time.Now(); ; {
		switch completed := d.queue.Poll(); {
		case completed == submission:
			return nil
		case completed > submission: // a driver's way to let go of those who wait
			return fmt.Errorf("%w: submission %d of %d is completed", wgpu.ErrDeviceLost, completed, submission)
		}
		if !d.software && time.Since(start) < attentive {
			runtime.Gosched()
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Microsecond):
		}
	}
}

// read takes the outputs of a completed submission.
func (p *Program) read(y []float32) error {
	size := uint64(p.total)
	pending, err := p.staging.MapAsync(wgpu.MapModeRead, 0, size)
	if err != nil {
		return err
	}
	defer pending.Release()
	p.device.device.Poll(wgpu.PollPoll)
	done, err := pending.Status()
	if err == nil && !done {
		err = errors.New("the outputs of a completed submission cannot be mapped")
	}
	if err != nil {
		return err
	}
	mapped, err := p.staging.MappedRange(0, size)
	if err != nil {
		return err
	}
	memory := mapped.Bytes()
	if len(memory) != p.total {
		return fmt.Errorf("%d bytes are mapped, want %d", len(memory), p.total)
	}
	copy(bytes(y), memory)
	spoil(memory)
	return p.staging.Unmap()
}

// Close frees the program's buffers and pipelines. The queue holds writes until the
// next submission, and would then write to memory that is someone else's: one
// without kernels takes them along first.
func (p *Program) Close() {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if !p.closed && d.lost == nil {
		err := d.within("closing a program", func(ctx context.Context) error {
			submission, err := p.submit(nil, nil)
			if err != nil {
				return err
			}
			return d.wait(ctx, submission)
		})
		if err == nil {
			for _, o := range p.owned {
				o.Release()
			}
		}
	}
	p.owned, p.closed = nil, true
}

// bytes are the memory of x: GPUs and the processors that have one are little-endian.
func bytes[T float32 | uint32](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

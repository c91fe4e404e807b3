package webgpu

import (
	"fmt"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// memory is where a binding of a dispatch lies.
type memory struct {
	kind  kind
	index int // of the plan's buffer or weight; 0 for scratch
}

type kind int

const (
	slot   kind = iota // Plan.Buffers[index]
	weight             // Plan.Weights[index]
	scratch
)

// dispatch is a kernel with what it reads and writes, in the order of its bindings.
type dispatch struct {
	step     int // of the plan
	kernel   wgsl.Kernel
	bindings []memory
}

// dispatches are the kernels of a valid plan in the order in which they run,
// and the float32 of scratch that they share.
func dispatches(p *plan.Plan, t wgsl.Target) (list []dispatch, scratchLen int, err error) {
	for i, s := range p.Steps {
		kernels, n := kernelsOf(p, s, t)
		scratchLen = max(scratchLen, n)
		at := map[wgsl.Role]memory{
			wgsl.X: {slot, p.Values[s.In].Buffer}, wgsl.Y: {slot, p.Values[s.Out].Buffer},
			wgsl.W: {weight, s.W}, wgsl.B: {weight, s.B}, wgsl.W2: {weight, s.W2}, wgsl.B2: {weight, s.B2},
			wgsl.Scratch: {scratch, 0},
		}
		if s.Gate != plan.None {
			at[wgsl.Gate] = memory{slot, p.Values[s.Gate].Buffer}
		}
		if s.Residual != plan.None {
			at[wgsl.Residual] = memory{slot, p.Values[s.Residual].Buffer}
		}
		for _, k := range kernels {
			if err := k.Check(); err != nil {
				return nil, 0, fmt.Errorf("webgpu: step %d (%s): %w", i, s.Name, err)
			}
			d := dispatch{step: i, kernel: k}
			for _, role := range k.Bindings {
				d.bindings = append(d.bindings, at[role])
			}
			list = append(list, d)
		}
	}
	return list, scratchLen, nil
}

// kernelsOf are the kernels of one step and the float32 of scratch they need.
func kernelsOf(p *plan.Plan, s plan.Step, t wgsl.Target) ([]wgsl.Kernel, int) {
	in, out := p.Values[s.In], p.Values[s.Out]
	pixels := in.H * in.W
	switch s.Op {
	case plan.Stem:
		return []wgsl.Kernel{stem.Shader(stem.Shape{H: in.H, W: in.W, M: out.C}, s.Act, t)}, 0
	case plan.Pointwise:
		shape := pointwise.Shape{Rows: pixels, C: in.C, M: out.C}
		return []wgsl.Kernel{pointwise.Shader(shape, s.Act, s.Gate != plan.None, s.Residual != plan.None, t)}, 0
	case plan.Depthwise:
		return []wgsl.Kernel{depthwise.Shader(depthwise.Shape{H: in.H, W: in.W, C: in.C, K: s.Kernel, Stride: s.Stride}, s.Act, t)}, 0
	case plan.Squeeze:
		shape := squeeze.Shape{Pixels: pixels, C: in.C, S: tensor.Len(p.Weights[s.B].Shape)}
		return squeeze.Shaders(shape, t), squeeze.Scratch(shape, t)
	case plan.Pool:
		return []wgsl.Kernel{pool.Shader(pool.Shape{Pixels: pixels, C: in.C, Kind: s.Pool}, t)}, 0
	case plan.Dense:
		return []wgsl.Kernel{dense.Shader(dense.Shape{C: in.C, M: out.C}, s.Act, t)}, 0
	case plan.Norm:
		return []wgsl.Kernel{norm.Shader(norm.Shape{Rows: t.Pictures * pixels, C: in.C}, s.Act)}, 0
	}
	return nil, 0 // plan.Validate knows no other operation
}

// fits compares the plan, for some pictures at once, with the largest buffer that a device can bind.
func fits(p *plan.Plan, pictures, most int, describe string) error {
	for i, n := range p.Buffers {
		if size(pictures*n) > most {
			return fmt.Errorf("webgpu: %w: buffer %d of the plan has %d bytes, %s allows %d", device.ErrUnavailable, i, size(pictures*n), describe, most)
		}
	}
	for _, w := range p.Weights {
		if n := size(tensor.Len(w.Shape)); n > most {
			return fmt.Errorf("webgpu: %w: weight %s has %d bytes, %s allows %d", device.ErrUnavailable, w.Name, n, describe, most)
		}
	}
	return nil
}

// size is the bytes of a buffer of n float32: whole vectors of four.
func size(n int) int { return (n + 3) / 4 * 16 }

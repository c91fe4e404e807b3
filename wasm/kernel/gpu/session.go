//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"fmt"
)

// What a training needs beside Run: programs that share buffers and pipelines,
// parts of buffers, and work that is cut into several submissions.

// Sibling begins an empty program on the same device, with p's pipelines and
// whatever buffers of p its kernels are given. It is to be closed before p.
func (p *Program) Sibling() *Program {
	return &Program{device: p.device, pipelines: p.pipelines, root: p.owner()}
}

// owner is the program that frees the pipelines.
func (p *Program) owner() *Program {
	if p.root != nil {
		return p.root
	}
	return p
}

// Aligned is of how many float32 the beginning of a Part is a multiple.
const Aligned = 64

// Part is n float32 of a buffer, from an Aligned one on.
func (b Buffer) Part(from, n int) Buffer {
	return Buffer{b.raw, b.offset + 4*uint64(from), uint64((n+3)/4) * 16}
}

// Replay runs all kernels in their order, in submissions of at most most kernels,
// each of which has the device's patience, and returns the outputs as Run does.
func (p *Program) Replay(most int) ([]float32, error) {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.closed {
		return nil, errors.New("the program is closed")
	}
	y := make([]float32, p.total/4)
	for from := 0; from == 0 || from < len(p.steps); from += most {
		to := min(from+most, len(p.steps))
		err := d.within(fmt.Sprintf("running kernels %d to %d of %d", from+1, to, len(p.steps)), func(ctx context.Context) error {
			if err := p.stage(); err != nil {
				return err
			}
			var outputs []output
			if to == len(p.steps) {
				outputs = p.outputs
			}
			submission, err := p.submit(p.steps[from:to], outputs)
			if err != nil {
				return err
			}
			if err := d.wait(ctx, submission); err != nil || to < len(p.steps) {
				return err
			}
			return p.read(y)
		})
		if err != nil {
			return nil, err
		}
	}
	return y, nil
}

// Read returns the first n float32 of a buffer.
func (p *Program) Read(b Buffer, n int) ([]float32, error) {
	reader := p.Sibling()
	defer reader.Close()
	reader.Output(b, n)
	return reader.Replay(1)
}

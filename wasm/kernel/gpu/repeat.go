//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
)

// Repeat runs kernels first to end-1 in one submission, n times over, and returns
// once they are done: to time them. What they read must have been written by Run.
func (p *Program) Repeat(first, end, n int) error {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.within(fmt.Sprintf("timing kernels %d to %d", first, end-1), func(ctx context.Context) error {
		var steps []step
		for range n {
			steps = append(steps, p.steps[first:end]...)
		}
		submission, err := p.submit(steps, nil)
		if err != nil {
			return err
		}
		return d.wait(ctx, submission)
	})
}

//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
	"time"
)

// Repeat runs kernels first to end-1 in one submission, n times over, and returns
// how long they took from its start until they were seen to be done: to time
// them. What they read must have been written by Run.
func (p *Program) Repeat(first, end, n int) (took time.Duration, err error) {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.within(fmt.Sprintf("timing kernels %d to %d", first, end-1), func(ctx context.Context) error {
		steps := make([]step, 0, n*(end-first))
		for range n {
			steps = append(steps, p.steps[first:end]...)
		}
		commands, err := p.record(steps, nil)
		if err != nil {
			return err
		}
		start := time.Now()
		submission, err := d.queue.Submit(commands)
		if err != nil {
			return err
		}
		err = d.wait(ctx, submission)
		took = time.Since(start)
		return err
	})
	return took, err
}

// long is how long a submission must take, so that what it costs by itself, and
// that wait looks now and then only, does not count.
const long = 20 * time.Millisecond

// fastest is the time of kernel i, the best of a few submissions of as many runs
// as are long.
func (p *Program) fastest(i int) (time.Duration, error) {
	best := time.Hour
	for n, runs := 1, 0; runs < 4; {
		took, err := p.Repeat(i, i+1, n)
		if err != nil {
			return 0, err
		}
		best = min(best, took/time.Duration(n))
		if took < long && n < 4096 {
			n *= 2
		} else {
			runs++
		}
	}
	return best, nil
}

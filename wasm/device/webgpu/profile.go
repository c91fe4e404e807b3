package webgpu

import (
	"fmt"
	"time"

	"blastlens/wasm/plan"
)

// brief is a step's time below which it is measured many times over: in one
// submission costs as much by itself, and browsers tell time in steps.
const brief = time.Millisecond / 2

// repeats is how often a brief step runs in the submission that is timed. It
// writes what it wrote before: its inputs lie in other buffers.
const repeats = 16

// profile tells what each step of the plan takes: its dispatches alone in a
// submission, less what a submission of none takes. Timestamp queries would be
// finer, but few adapters have them, and browsers round them to 0.1 ms.
// submit runs dispatches first to end-1, n times over, and waits for them.
func profile(list []dispatch, submit func(first, end, n int) error, told func(step int, took time.Duration)) error {
	timed := func(first, end, n int) (time.Duration, error) {
		start := time.Now()
		err := submit(first, end, n)
		return time.Since(start), err
	}
	empty := time.Hour
	for range 5 {
		took, err := timed(0, 0, 1)
		if err != nil {
			return err
		}
		empty = min(empty, took)
	}
	for first := 0; first < len(list); {
		end := first + 1
		for end < len(list) && list[end].step == list[first].step {
			end++
		}
		n := 1
		took, err := timed(first, end, n)
		if err == nil && took-empty < brief {
			n = repeats
			took, err = timed(first, end, n)
		}
		if err != nil {
			return err
		}
		told(list[first].step, max(0, took-empty)/time.Duration(n))
		first = end
	}
	return nil
}

// summary is what a plan for some pictures at once comes to on this device.
func summary(p *plan.Plan, pictures int, list []dispatch, largest int) string {
	sources := map[string]bool{}
	groups := 0
	for _, d := range list {
		sources[d.kernel.Source] = true
		groups += int(d.kernel.Groups[0] * d.kernel.Groups[1] * d.kernel.Groups[2])
	}
	bytes := 0
	for _, n := range p.Buffers {
		bytes += size(pictures * n)
	}
	return fmt.Sprintf("%d dispatches of %d pipelines, %d workgroups; maps share %.1f MB in %d buffers; the device allows %.0f MB a buffer",
		len(list), len(sources), groups, float64(bytes)/1e6, len(p.Buffers), float64(largest)/1e6)
}

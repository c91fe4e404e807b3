package webgpu

import (
	"fmt"
	"time"

	"blastlens/wasm/plan"
)

// A step runs as often in the submission that is timed as takes it so long, at
// most so many times: a submission costs as much by itself, and browsers tell
// time in steps. It writes what it wrote before, since its inputs lie in other buffers.
const (
	enough = 2 * time.Millisecond
	most   = 512
)

// profile tells what each step of the plan takes: its dispatches alone in a
// submission, less what a submission of none takes. What it reads lies in caches,
// where it is small enough, more often than in a run of all steps. Timestamp
// queries would be finer, but browsers round them to 0.1 ms, and the native
// library has none for compute passes.
//
// submit runs dispatches first to end-1, n times over, and says how long they took.
func profile(list []dispatch, submit func(first, end, n int) (time.Duration, error), told func(step int, took time.Duration)) error {
	empty := time.Hour
	for range 5 {
		took, err := submit(0, 0, 1)
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
		took, err := submit(first, end, n)
		for err == nil && took < empty+enough && n < most {
			n *= 8
			took, err = submit(first, end, n)
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
	return fmt.Sprintf("%d dispatches of %d pipelines, %d workgroups; maps share %.1f MB in %d buffers; the device allows %.0f MB a buffer; a step is timed by itself in a submission, up to %d times over",
		len(list), len(sources), groups, float64(bytes)/1e6, len(p.Buffers), float64(largest)/1e6, most)
}

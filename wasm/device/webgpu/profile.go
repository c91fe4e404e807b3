package webgpu

import (
	"fmt"
	"time"

	"blastlens/wasm/plan"
)

// What a submission costs by itself is unknown, and browsers tell time in steps. So
// of a step that is not slow counts what more runs add to a submission, as many as
// take enough, at most so many. They write what the first one wrote: a step's inputs
// lie in other buffers.
const (
	slow   = 20 * time.Millisecond
	enough = 4 * time.Millisecond
	most   = 512
)

// profile tells what each step of the plan takes, its dispatches being alone in a
// submission. What it reads lies in caches, where it is small enough, more often
// than in a run of all steps. Timestamp queries would be finer, but browsers round
// them to 0.1 ms, and the native library has none for compute passes.
//
// submit runs dispatches first to end-1, n times over, and says how long they took.
func profile(list []dispatch, submit func(first, end, n int) (time.Duration, error), told func(step int, took time.Duration)) error {
	for first := 0; first < len(list); {
		end := first + 1
		for end < len(list) && list[end].step == list[first].step {
			end++
		}
		took, err := submit(first, end, 1)
		for once, n := took, 1; err == nil && once < slow; n *= 8 {
			var more time.Duration
			more, err = submit(first, end, 1+n)
			took = max(0, more-once) / time.Duration(n)
			if more-once >= enough || n == most {
				break
			}
		}
		if err != nil {
			return err
		}
		told(list[first].step, took)
		first = end
	}
	return nil
}

// kernels names the dispatches of a step, each with its workgroups.
func kernels(list []dispatch, step int) (s string) {
	for _, d := range list {
		if d.step != step {
			continue
		}
		if s != "" {
			s += "; "
		}
		s += fmt.Sprintf("%s in %dx%dx%d", d.kernel.Name, d.kernel.Groups[0], d.kernel.Groups[1], d.kernel.Groups[2])
	}
	return s
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
	return fmt.Sprintf("%d dispatches of %d pipelines, %d workgroups; maps share %.1f MB in %d buffers; the device allows %.0f MB a buffer; a step is timed alone in a submission, by what up to %d more runs of it add",
		len(list), len(sources), groups, float64(bytes)/1e6, len(p.Buffers), float64(largest)/1e6, most)
}

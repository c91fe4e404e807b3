package webgpu

import (
	"fmt"
	"time"

	"blastlens/wasm/plan"
)

// What a submission costs by itself is not what an empty one does, and browsers
// tell time in steps. So of a brief step counts what more runs add to a submission,
// as many as take enough, at most so many. They write what the first one wrote: a
// step's inputs lie in other buffers.
const (
	brief  = 5 * time.Millisecond // at most, with its submission
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
	// added is what a run takes, known by what more of them add to once.
	added := func(first, end int, once time.Duration) (time.Duration, error) {
		for n := 1; ; n *= 8 {
			more, err := submit(first, end, 1+n)
			if err != nil || more-once >= enough || n == most {
				return max(0, more-once) / time.Duration(n), err
			}
		}
	}
	// The last step, of some classes, is known to be brief: the rest is the submission's.
	last := len(list) - 1
	once, err := submit(last, last+1, 1)
	if err != nil {
		return err
	}
	took, err := added(last, last+1, once)
	if err != nil {
		return err
	}
	submission := once - took
	for first := 0; first < len(list); {
		end := first + 1
		for end < len(list) && list[end].step == list[first].step {
			end++
		}
		once, err := submit(first, end, 1)
		took := max(0, once-submission)
		if err == nil && once < brief {
			took, err = added(first, end, once)
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
	return fmt.Sprintf("%d dispatches of %d pipelines, %d workgroups; maps share %.1f MB in %d buffers; the device allows %.0f MB a buffer; a step is timed alone in a submission, a brief one by what up to %d more runs of it add",
		len(list), len(sources), groups, float64(bytes)/1e6, len(p.Buffers), float64(largest)/1e6, most)
}

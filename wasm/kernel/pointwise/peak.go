package pointwise

import (
	"sync"
	"time"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
)

// PeakGFLOPS measures what the packed product of this process can reach on the
// given number of threads: each multiplies rows by two vectors of columns that
// both stay in the first-level cache (18 to 30 KiB), with nothing else to do.
// It returns the best of several runs of about 20 ms, in 1e9 floating-point
// operations a second, a multiplication and an addition counted as two.
func PeakGFLOPS(threads int) float64 {
	const rows, c, runs = 28, 128, 8
	m := 2 * max(lanes.Bits()/32, scalarLanes)
	flops := 2 * float64(rows*c*m)
	multiply := func(times int) { // on one thread
		x, w, y := make([]float32, rows*c), make([]float32, c*m), make([]float32, rows*m)
		for i := range x {
			x[i] = 1 / float32(i+1)
		}
		for i := range w {
			w[i] = 1 / float32(i+1)
		}
		p := Pack(w, make([]float32, m), c, m)
		for range times {
			p.block(y, x, nil, rows, 0, len(p.panels), activation.None)
		}
	}
	timed := func(times int) time.Duration {
		start := time.Now()
		var all sync.WaitGroup
		for range threads {
			all.Go(func() { multiply(times) })
		}
		all.Wait()
		return time.Since(start)
	}
	times := 16
	for timed(times) < 20*time.Millisecond {
		times *= 2
	}
	best := 0.0
	for range runs {
		best = max(best, float64(threads*times)*flops/timed(times).Seconds()/1e9)
	}
	return best
}

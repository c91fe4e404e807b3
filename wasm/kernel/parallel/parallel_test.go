package parallel

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestSplitCoversOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := New(threads)
		for _, n := range []int{0, 1, 2, 3, 7, 100} {
			hits := make([]atomic.Int32, n)
			p.Split(n, func(lo, hi int) {
				if lo >= hi {
					t.Errorf("%d threads, n %d: empty range %d..%d", threads, n, lo, hi)
				}
				for i := lo; i < hi; i++ {
					hits[i].Add(1)
				}
			})
			for i := range hits {
				if got := hits[i].Load(); got != 1 {
					t.Errorf("%d threads, n %d: item %d ran %d times", threads, n, i, got)
				}
			}
		}
		p.Close()
	}
}

func TestSplitFromManyCallers(t *testing.T) {
	p := New(4)
	defer p.Close()
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 100 {
				var sum atomic.Int64
				p.Split(50, func(lo, hi int) {
					for i := lo; i < hi; i++ {
						sum.Add(int64(i))
					}
				})
				if sum.Load() != 1225 {
					t.Errorf("sum %d, want 1225", sum.Load())
				}
			}
		})
	}
	callers.Wait()
}

func TestNilPoolRunsInline(t *testing.T) {
	var p *Pool
	ran := 0
	p.Split(5, func(lo, hi int) { ran += hi - lo })
	if ran != 5 || p.Threads() != 1 {
		t.Errorf("ran %d of 5 on %d threads", ran, p.Threads())
	}
}

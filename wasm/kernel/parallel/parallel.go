// Package parallel spreads a kernel's work over the machine's cores.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool is a set of goroutines that wait for work. A nil Pool, or one of a
// single thread, runs everything in the caller.
type Pool struct {
	threads int
	jobs    chan *job
}

// job is one Split: chunks of [0,n) are taken until none is left, and done
// counts the chunks, so that a thread that comes too late is not waited for.
type job struct {
	f       func(lo, hi int)
	n, size int
	next    atomic.Int64
	done    sync.WaitGroup
}

// New starts a pool of the given number of threads, the caller's included; 0
// means one for each core that the process may use. Where there is one thread
// only (js/wasm), nothing is started.
func New(threads int) *Pool {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	if runtime.GOOS == "js" {
		threads = 1
	}
	p := &Pool{threads: threads}
	if threads > 1 {
		p.jobs = make(chan *job, threads-1)
		for range threads - 1 {
			go func() {
				for j := range p.jobs {
					j.work()
				}
			}()
		}
	}
	return p
}

// Threads is how many run at once.
func (p *Pool) Threads() int {
	if p == nil {
		return 1
	}
	return p.threads
}

// Close ends the goroutines. No Split may be running or follow.
func (p *Pool) Close() {
	if p != nil && p.jobs != nil {
		close(p.jobs)
	}
}

// Split calls f for consecutive ranges that together are [0,n), on several
// threads at once where there are several, and returns when all are done. It
// may be called from several goroutines; a pool that is busy with another
// caller's work does not hold this one up.
func (p *Pool) Split(n int, f func(lo, hi int)) {
	if n <= 0 {
		return
	}
	if p.Threads() == 1 || n == 1 {
		f(0, n)
		return
	}
	// Two chunks a thread: cores shared with other programs seldom finish together.
	j := &job{f: f, n: n, size: max(1, (n+2*p.threads-1)/(2*p.threads))}
	chunks := (n + j.size - 1) / j.size
	j.done.Add(chunks)
invite:
	for range min(p.threads, chunks) - 1 {
		select {
		case p.jobs <- j:
		default: // every thread has work waiting
			break invite
		}
	}
	j.work()
	j.done.Wait()
}

func (j *job) work() {
	for {
		lo := int(j.next.Add(int64(j.size))) - j.size
		if lo >= j.n {
			return
		}
		j.f(lo, min(lo+j.size, j.n))
		j.done.Done()
	}
}

// Package scratch lends short-lived float32 slices to kernels, so that a run of
// the network leaves no garbage.
package scratch

import "sync"

// Buffer is a borrowed slice.
type Buffer struct{ F []float32 }

var free sync.Pool

// Get lends n values of any content. Give them back with Put.
func Get(n int) *Buffer {
	b, ok := free.Get().(*Buffer)
	if !ok {
		b = new(Buffer)
	}
	if cap(b.F) < n {
		b.F = make([]float32, n)
	}
	b.F = b.F[:n]
	return b
}

// Put takes a buffer back; its slice must not be used any more.
func (b *Buffer) Put() { free.Put(b) }

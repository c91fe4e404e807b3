package main

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"syscall/js"

	"blastlens/wasm/bundle"
)

// arrival is a file whose bytes stay with the browser, outside Go's memory,
// and can be read while the rest is on its way.
type arrival struct {
	size  int64
	array js.Value // Uint8Array, as long as the file; undefined while put away
	key   string   // of the cache that has it, then
	sum   [sha256.Size]byte

	mu   sync.Mutex
	came *sync.Cond // whenever one of these changes
	here int64      // bytes so far
	done bool       // no more will come
	err  error      // why
}

func newArrival(array js.Value) *arrival {
	a := &arrival{size: int64(array.Length()), array: array}
	a.came = sync.NewCond(&a.mu)
	return a
}

func (a *arrival) Size() int64 { return a.size }

// putAway lets go of the bytes, which the cache has under key: they are wanted
// again only where another device has to be prepared. SHA256 came before.
func (a *arrival) putAway(key string) {
	if buffer := a.array.Get("buffer"); buffer.Get("transfer").Truthy() {
		buffer.Call("transfer", 0) // now, not when the browser next tidies up
	}
	a.array, a.key = js.Undefined(), key
}

// bytes are the file's, brought back from the cache if they were put away, and
// then the same as before.
func (a *arrival) bytes() (js.Value, error) {
	if a.array.Truthy() {
		return a.array, nil
	}
	array, err := cached(a.key)
	if err != nil {
		return array, fmt.Errorf("the kept copy of the model: %w", err)
	}
	a.array = array
	before := a.sum
	if sum, err := a.SHA256(); err != nil || sum != before || int64(array.Length()) != a.size {
		a.putAway(a.key)
		a.sum = before
		return array, fmt.Errorf("the kept copy of the model was changed: %w", bundle.ErrCorrupt)
	}
	return array, nil
}

// receive reads a stream to its end.
func (a *arrival) receive(reader js.Value, told func(int64)) {
	var here int64
	for {
		chunk, err := await(reader.Call("read"))
		if err != nil || chunk.Get("done").Bool() {
			a.come(here, err, true)
			return
		}
		value := chunk.Get("value")
		n := int64(value.Length())
		if here+n > a.Size() {
			reader.Call("cancel")
			a.come(here, errTooLong, true)
			return
		}
		a.array.Call("set", value, here)
		here += n
		told(here)
		a.come(here, nil, false)
	}
}

// come tells how far the file is.
func (a *arrival) come(here int64, err error, done bool) {
	a.mu.Lock()
	a.here, a.err, a.done = here, err, done
	a.mu.Unlock()
	a.came.Broadcast()
}

// wait returns once the bytes before end are here, or will never be.
func (a *arrival) wait(end int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.here < end && !a.done {
		a.came.Wait()
	}
	switch {
	case a.err != nil:
		return a.err
	case a.here < end:
		return fmt.Errorf("the server sent %d bytes, want %d", a.here, a.Size())
	}
	return nil
}

// Fill is part of bundle.File.
func (a *arrival) Fill(to []byte, at int64) error {
	if err := a.wait(at + int64(len(to))); err != nil {
		return err
	}
	array, err := a.bytes()
	if err != nil {
		return err
	}
	js.CopyBytesToGo(to, array.Call("subarray", at, at+int64(len(to))))
	return nil
}

// SHA256 leaves the work to the browser, where the page came over a line that it
// calls secure; elsewhere it offers no hashes.
func (a *arrival) SHA256() (sum [sha256.Size]byte, err error) {
	if err := a.wait(a.Size()); err != nil {
		return sum, err
	}
	if subtle := js.Global().Get("crypto").Get("subtle"); subtle.Truthy() {
		array, err := a.bytes()
		if err != nil {
			return sum, err
		}
		buffer, err := await(subtle.Call("digest", "SHA-256", array))
		if err != nil {
			return sum, err
		}
		js.CopyBytesToGo(a.sum[:], js.Global().Get("Uint8Array").New(buffer))
		return a.sum, nil
	}
	h, block := sha256.New(), make([]byte, 64<<10)
	for at := int64(0); at < a.Size(); at += int64(len(block)) {
		block = block[:min(int64(len(block)), a.Size()-at)]
		if err := a.Fill(block, at); err != nil {
			return sum, err
		}
		h.Write(block)
	}
	a.sum = [sha256.Size]byte(h.Sum(nil))
	return a.sum, nil
}

package webgpu

import (
	"errors"
	"fmt"
	"syscall/js"
	"unsafe"
)

// loss is how a device goes. (A context would do the same, and bring the printing
// of times into the engine.)
type loss struct {
	gone chan struct{} // closed once err is set
	err  error         // wraps ErrLost
}

func newLoss() *loss { return &loss{gone: make(chan struct{})} }

// set is called once.
func (l *loss) set(err error) {
	l.err = err
	close(l.gone)
}

// Err is nil while the device is there.
func (l *loss) Err() error {
	select {
	case <-l.gone:
		return l.err
	default:
		return nil
	}
}

// await waits for a promise, or for the device's loss, without blocking the
// event loop. A rejection is an error with the reason's text.
func await(lost *loss, promise js.Value) (js.Value, error) {
	return awaitUnless(lost, &loss{}, promise)
}

// awaitUnless is await that gives up when hung is set too.
func awaitUnless(lost, hung *loss, promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	var resolve, reject js.Func
	// The promise calls one of the two, perhaps after this function is gone.
	release := func() { resolve.Release(); reject.Release() }
	resolve = js.FuncOf(func(_ js.Value, args []js.Value) any {
		value := js.Undefined()
		if len(args) > 0 {
			value = args[0]
		}
		done <- settled{value: value}
		release()
		return nil
	})
	reject = js.FuncOf(func(_ js.Value, args []js.Value) any {
		reason := errors.New("rejected")
		if len(args) > 0 {
			reason = errors.New(text(args[0]))
		}
		done <- settled{err: reason}
		release()
		return nil
	})
	promise.Call("then", resolve, reject)
	select {
	case s := <-done:
		return s.value, s.err
	case <-lost.gone:
		return js.Undefined(), lost.err
	case <-hung.gone:
		return js.Undefined(), hung.err
	}
}

// text is what a thrown or rejected value says.
func text(v js.Value) string {
	if v.Type() == js.TypeObject && v.Get("message").Type() == js.TypeString {
		name := v.Get("name")
		if name.Type() == js.TypeString && name.String() != "" {
			return name.String() + ": " + v.Get("message").String()
		}
		return v.Get("message").String()
	}
	return js.Global().Get("String").Invoke(v).String()
}

// catch turns a JavaScript exception, and the use of something that this
// browser lacks, into an error; syscall/js panics with both.
func catch(err *error, doing string) {
	switch thrown := recover().(type) {
	case nil:
	case js.Error:
		*err = fmt.Errorf("webgpu: %s: %s", doing, text(thrown.Value))
	case *js.ValueError:
		*err = fmt.Errorf("webgpu: %s: %w", doing, thrown)
	default:
		panic(thrown)
	}
}

// bytes are the memory of x: WebAssembly is little-endian, as GPUs are.
func bytes[T float32 | uint32](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// stringOf is a property that may be missing.
func stringOf(v js.Value, property string) string {
	if s := v.Get(property); s.Type() == js.TypeString {
		return s.String()
	}
	return ""
}

package main

import (
	"syscall/js"
	"unsafe"

	"blastlens/wasm/bundle"
	"blastlens/wasm/intake"
	"blastlens/wasm/wire"
)

// readerName is the name of a reader's worker, by which it knows what it is. A
// service worker's answer would lose it from the address.
const readerName = "reader"

// depth is how many pictures a reader holds: the one it decodes and the next.
const depth = 2

// workers are readers in workers of this one.
type workers struct {
	desks     []*workerDesk
	dismissed bool
}

type workerDesk struct {
	*desk
	worker js.Value
	up     bool
}

// count is one reader for four cores, none where there is one core.
func (w *workers) count() int {
	cores := js.Global().Get("navigator").Get("hardwareConcurrency")
	if cores.Type() != js.TypeNumber || cores.Int() < 2 {
		return 0
	}
	return min(4, max(1, cores.Int()/4))
}

// start launches the readers; pictures go to them once they say that they are up.
func (w *workers) start() {
	address := js.Global().Get("location").Get("href")
	for range w.count() {
		d := &workerDesk{desk: newDesk(), worker: js.Global().Get("Worker").New(address, map[string]any{"name": readerName})}
		d.worker.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
			d.hear(args[0].Get("data"))
			return nil
		}))
		d.worker.Set("onerror", js.FuncOf(func(_ js.Value, args []js.Value) any {
			args[0].Call("preventDefault")
			w.Dismiss()
			return nil
		}))
		w.desks = append(w.desks, d)
	}
}

func (d *workerDesk) hear(data js.Value) {
	if data.Type() != js.TypeObject {
		return
	}
	e, err := wire.ParseEvent(data.Get("json").String())
	if err != nil {
		return // the picture is waited for in vain, and decoded by the engine
	}
	if e.Kind == wire.Ready {
		d.up = true
		return
	}
	var input []float32
	if buffer := data.Get("input"); buffer.Truthy() {
		view := js.Global().Get("Uint8Array").New(buffer)
		input = make([]float32, view.Length()/4)
		js.CopyBytesToGo(floatBytes(input), view)
	}
	d.answer(e, input)
}

// Take gives the picture to the reader with the fewest; its bytes are copied, so
// that the engine can still decode them.
func (w *workers) Take(name string, raw any, pre bundle.Preprocess) *reading {
	if w.dismissed {
		return nil
	}
	if w.desks == nil {
		w.start()
	}
	var best *workerDesk
	for _, d := range w.desks {
		if d.up && len(d.pending) < depth && (best == nil || len(d.pending) < len(best.pending)) {
			best = d
		}
	}
	if best == nil {
		return nil
	}
	id, r := best.lay()
	text, err := wire.Request{Kind: wire.Read, ID: id, Name: name, Size: pre.Size, Mean: pre.Mean, Std: pre.Std}.JSON()
	if err != nil {
		best.answer(wire.Event{ID: id}, nil)
		return r
	}
	best.worker.Call("postMessage", map[string]any{"json": text, "bytes": raw})
	return r
}

func (w *workers) Dismiss() {
	w.dismissed = true
	for _, d := range w.desks {
		d.worker.Call("terminate")
		d.clear()
	}
	w.desks = nil
}

// serveReader is main of a reader.
func serveReader(self js.Value) {
	q := listen(self)
	tell := func(e wire.Event, input []float32) {
		text, err := e.JSON()
		if err != nil {
			panic("BUG: an event must encode: " + err.Error())
		}
		if input == nil {
			self.Call("postMessage", map[string]any{"json": text})
			return
		}
		view := js.Global().Get("Uint8Array").New(4 * len(input))
		js.CopyBytesToJS(view, floatBytes(input))
		buffer := view.Get("buffer")
		self.Call("postMessage", map[string]any{"json": text, "input": buffer}, []any{buffer})
	}
	tell(wire.Event{Kind: wire.Ready}, nil)
	for {
		tell(read(q.pop()))
	}
}

// listen gives what is posted to this worker, what came before it was up first.
func listen(self js.Value) *queue {
	q := newQueue()
	early := self.Get("blastlensEarly")
	self.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		q.push(posted(args[0].Get("data")))
		return nil
	}))
	if early.Truthy() {
		for i := range early.Length() {
			q.push(posted(early.Index(i)))
		}
		self.Set("blastlensEarly", js.Null())
	}
	return q
}

// posted reads what the page posted: {json: string, bytes?: ArrayBuffer}. The
// bytes stay with the browser until the picture's turn.
func posted(data js.Value) message {
	if data.Type() != js.TypeObject {
		return message{}
	}
	m := message{}
	if text := data.Get("json"); text.Type() == js.TypeString {
		m.request = text.String()
	}
	if buffer := data.Get("bytes"); buffer.Truthy() {
		m.raw = buffer
		m.bytes = func() []byte {
			view := js.Global().Get("Uint8Array").New(buffer)
			// One byte more than is read is enough to refuse the rest.
			data := make([]byte, min(view.Length(), intake.MaxBytes+1))
			js.CopyBytesToGo(data, view)
			return data
		}
	}
	return m
}

func floatBytes(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

package main

import (
	"context"
	"syscall/js"

	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/device/tab"
	"blastlens/wasm/device/webgpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/intake"
	"blastlens/wasm/wire"
)

func main() {
	self := js.Global()
	s := &server{
		store: browser{},
		post: func(e wire.Event) {
			text, err := e.JSON()
			if err != nil {
				self.Get("console").Call("error", err.Error())
				return
			}
			self.Call("postMessage", text)
		},
		devices: map[string]engine.Candidate{
			hardware: {Title: "WebGPU", New: func() (device.Device, error) {
				return webgpu.New(context.Background(), webgpu.HardwareOnly())
			}},
			webgpu.Name: {Title: "WebGPU", New: func() (device.Device, error) { return webgpu.New(context.Background()) }},
			tab.Name:    {Title: "WASM kernels", New: tab.New, Again: tab.NewAlone},
			"cpu":       {Title: "CPU", New: func() (device.Device, error) { return cpu.New(1), nil }},
		},
	}
	q := newQueue()
	onMessage := js.FuncOf(func(_ js.Value, args []js.Value) any {
		q.push(posted(args[0].Get("data")))
		return nil
	})
	// What came before this program was up waits in an array.
	early := self.Get("blastlensEarly")
	self.Set("onmessage", onMessage)
	if early.Truthy() {
		for i := range early.Length() {
			q.push(posted(early.Index(i)))
		}
		self.Set("blastlensEarly", js.Null())
	}
	for {
		s.handle(q.pop())
	}
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

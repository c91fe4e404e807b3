package main

import (
	"syscall/js"

	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/device/tab"
	"blastlens/wasm/device/webgpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/wire"
)

func main() {
	self := js.Global()
	if self.Get("name").String() == readerName {
		serveReader(self)
	}
	s := &server{
		store:   browser{},
		readers: &workers{},
		post: func(e wire.Event) {
			text, err := e.JSON()
			if err != nil {
				self.Get("console").Call("error", err.Error())
				return
			}
			self.Call("postMessage", text)
		},
		devices: map[string]engine.Candidate{
			hardware: {Title: "WebGPU", Doubted: true, New: func() (device.Device, error) {
				return webgpu.New(webgpu.HardwareOnly())
			}},
			webgpu.Name: {Title: "WebGPU", Doubted: true, New: func() (device.Device, error) { return webgpu.New() }},
			tab.Name:    {Title: "WASM kernels", New: tab.New, Again: tab.NewAlone},
			"cpu":       {Title: "CPU", New: func() (device.Device, error) { return cpu.New(1), nil }},
		},
	}
	q := listen(self)
	breathe := breather()
	for {
		m := q.pop()
		breathe()
		s.readAhead(q)
		s.handle(m)
		if q.empty() {
			s.rest()
		}
	}
}

// breather returns a function that lets the browser deliver what was posted
// meanwhile: it does so only while Go has nothing to do. A timer would take 4 ms.
func breather() func() {
	channel := js.Global().Get("MessageChannel").New()
	turn := make(chan struct{}, 1)
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		turn <- struct{}{}
		return nil
	}))
	return func() {
		channel.Get("port2").Call("postMessage", js.Null())
		<-turn
	}
}

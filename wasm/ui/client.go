package ui

import (
	"encoding/json"
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// client owns the engine's worker.
type client struct {
	*session
	worker    app.Value
	listeners []app.Func // of this worker, released with it
	redraw    func()     // shows the session again, by the mounted page
}

// start launches a worker for the session's device and asks it to load the model.
func (c *client) start() {
	if app.IsServer || c.worker != nil {
		return
	}
	url := here().Worker
	if app.Window().URL().Query().Has("scalar") {
		url += "?scalar"
	}
	c.worker = app.Window().Get("Worker").New(url)
	c.listen("message", func(e app.Value) {
		if c.receive(e.Get("data").String()) {
			c.sendWaiting()
		}
	})
	c.listen("error", func(e app.Value) {
		reason := "its script could not be loaded"
		if m := e.Get("message"); m.Truthy() {
			reason = m.String()
		}
		c.fail("The engine stopped: " + reason + ". What was answered stays here.")
	})
	c.post(wire.Request{Kind: wire.Load, Model: here().Model, Device: c.Device}, nil)
}

func (c *client) listen(event string, f func(app.Value)) {
	listener := app.FuncOf(func(_ app.Value, args []app.Value) any {
		f(args[0])
		c.redraw()
		return nil
	})
	c.worker.Call("addEventListener", event, listener)
	c.listeners = append(c.listeners, listener)
}

// restart ends the worker and starts another; pictures without an answer are sent again.
func (c *client) restart(device string) {
	if c.worker != nil {
		c.worker.Call("terminate")
		for _, l := range c.listeners {
			l.Release()
		}
		c.worker, c.listeners = nil, nil
	}
	c.session.restart(device)
	c.start()
}

// post sends a request; bytes are transferred, not copied.
func (c *client) post(r wire.Request, bytes app.Value) {
	r.V = wire.Version
	text, err := json.Marshal(r)
	if err != nil {
		panic("BUG: ui: a request must encode: " + err.Error())
	}
	message := map[string]any{"json": string(text)}
	if bytes == nil {
		c.worker.Call("postMessage", message)
		return
	}
	message["bytes"] = bytes
	c.worker.Call("postMessage", message, []any{bytes})
}

// send reads a picture's bytes and posts them.
func (c *client) send(p *picture) {
	if c.Phase != ready {
		return // receive sends it once the engine is ready
	}
	p.blob.Call("arrayBuffer").Then(func(bytes app.Value) {
		c.post(wire.Request{Kind: wire.Classify, ID: p.ID, Name: p.Name, Head: c.head(p.Purpose)}, bytes)
	})
}

func (c *client) sendWaiting() {
	for _, p := range c.waitingPictures() {
		c.send(p)
	}
}

// take puts files (a FileList or an array of File) on the page.
func (c *client) take(files app.Value) {
	for i := range files.Length() {
		f := files.Index(i)
		name := f.Get("name").String()
		if name == "" {
			name = fmt.Sprintf("pasted picture %d", c.nextID)
		}
		thumb := app.Window().Get("URL").Call("createObjectURL", f).String()
		c.send(c.add(name, thumb, own, f))
	}
	c.redraw()
}

// fetch puts one of the host's samples on the page.
func (c *client) fetch(path, name string, why purpose) {
	app.Window().Call("fetch", path).Then(func(response app.Value) {
		response.Call("blob").Then(func(blob app.Value) {
			c.send(c.add(name, path, why, blob))
			c.redraw()
		})
	})
}

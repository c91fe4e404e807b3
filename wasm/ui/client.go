package ui

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// client owns the engine's worker.
type client struct {
	*session
	worker    app.Value
	starts    int        // of workers so far
	listeners []app.Func // of this worker, released with it
	redraw    func()     // shows the session again, by the mounted page
}

// watch gives up an engine that hangs. It is called once and watches all of them.
func (c *client) watch() {
	app.Window().Call("setInterval", app.FuncOf(func(app.Value, []app.Value) any {
		if c.hangs() {
			c.end()
			c.fail(fmt.Sprintf("The engine has been silent for %v and was stopped. What was answered stays here.", patience*tick))
			c.redraw()
		}
		return nil
	}), tick.Milliseconds())
}

// start launches a worker for the session's device and asks it to load the model.
func (c *client) start() {
	if app.IsServer || c.worker != nil || c.Phase == failed {
		return
	}
	url := here().Worker
	if app.Window().URL().Query().Has("scalar") {
		url += "?scalar"
	}
	c.worker = app.Window().Get("Worker").New(url)
	if c.starts++; c.starts == 1 {
		c.watch()
	}
	c.listen("message", func(e app.Value) {
		c.receive(e.Get("data").String())
		if c.profileDue() {
			c.post(wire.Request{Kind: wire.Profile}, nil)
		}
		c.sendDue()
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

// end stops the worker, whatever it does.
func (c *client) end() {
	if c.worker == nil {
		return
	}
	c.worker.Call("terminate")
	for _, l := range c.listeners {
		l.Release()
	}
	c.worker, c.listeners = nil, nil
}

// restart ends the worker and starts another; pictures without an answer are sent again.
func (c *client) restart(device string) {
	c.end()
	c.session.restart(device)
	c.start()
}

// post sends a request; bytes are transferred, not copied.
func (c *client) post(r wire.Request, bytes app.Value) {
	text, err := r.JSON()
	if err != nil {
		panic("BUG: ui: a request must encode: " + err.Error())
	}
	message := map[string]any{"json": text}
	if bytes == nil {
		c.worker.Call("postMessage", message)
		return
	}
	message["bytes"] = bytes
	c.worker.Call("postMessage", message, []any{bytes})
}

// sendDue posts the pictures whose turn it is.
func (c *client) sendDue() {
	for due := c.due(); len(due) > 0; due = c.due() {
		for _, p := range due {
			c.send(p)
		}
	}
}

// send reads a picture's bytes and posts them, or refuses it.
func (c *client) send(p *picture) {
	head, ok := c.head(p.Purpose)
	if !ok {
		p.refuse("this model has no head for drawings, and the one for smears is not asked about them")
		return
	}
	p.sent = true
	start := c.starts
	c.settle(p.blob.Call("arrayBuffer"), func(bytes app.Value) {
		if start == c.starts && c.worker != nil { // else another engine will get it
			c.post(wire.Request{Kind: wire.Classify, ID: p.ID, Name: p.Name, Head: head}, bytes)
		}
	}, func(reason string) {
		p.refuse("its bytes could not be read (" + reason + "). Copy the file to this device and choose it again")
		c.sendDue()
	})
}

// settle calls one of the two when a promise is settled, then shows the page again.
func (c *client) settle(promise app.Value, kept func(app.Value), broken func(reason string)) {
	var then, catch app.Func
	after := func(f func(app.Value)) func(app.Value, []app.Value) any {
		return func(_ app.Value, args []app.Value) any {
			then.Release()
			catch.Release()
			f(args[0])
			c.redraw()
			return nil
		}
	}
	then = app.FuncOf(after(kept))
	catch = app.FuncOf(after(func(reason app.Value) { broken(reason.Get("message").String()) }))
	promise.Call("then", then, catch)
}

// take puts files on the page.
func (c *client) take(files []file) {
	for _, f := range files {
		if f.name == "" {
			f.name = fmt.Sprintf("pasted picture %d", c.nextID)
		}
		thumb := app.Window().Get("URL").Call("createObjectURL", f.blob).String()
		c.add(f.name, thumb, own, f.blob)
	}
	c.sendDue()
	c.redraw()
}

// fetch puts one of the host's samples on the page.
func (c *client) fetch(path, name string, why purpose) {
	broken := func(reason string) { c.add(name, path, why, nil).refuse("the sample could not be fetched: " + reason) }
	c.settle(app.Window().Call("fetch", path), func(response app.Value) {
		if !response.Get("ok").Bool() {
			broken(fmt.Sprintf("status %d", response.Get("status").Int()))
			return
		}
		c.settle(response.Call("blob"), func(blob app.Value) {
			c.add(name, path, why, blob)
			c.sendDue()
		}, broken)
	}, broken)
}

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// watchUpdate notices a newer version of the page that has been installed
// whole and waits until the reader wants it.
func (c *client) watchUpdate() {
	workers := app.Window().Get("navigator").Get("serviceWorker")
	if app.IsServer || !workers.Truthy() {
		return
	}
	workers.Get("ready").Then(func(registration app.Value) {
		c.noticeWaiting(registration)
		registration.Call("addEventListener", "updatefound", app.FuncOf(func(app.Value, []app.Value) any {
			installing := registration.Get("installing")
			if installing.Truthy() {
				installing.Call("addEventListener", "statechange", app.FuncOf(func(app.Value, []app.Value) any {
					c.noticeWaiting(registration)
					return nil
				}))
			}
			return nil
		}))
	})
}

func (c *client) noticeWaiting(registration app.Value) {
	if registration.Get("waiting").Truthy() && registration.Get("active").Truthy() {
		c.Update = true
		c.redraw()
	}
}

// applyUpdate activates the waiting version and opens the page anew.
func (c *client) applyUpdate() {
	workers := app.Window().Get("navigator").Get("serviceWorker")
	workers.Call("addEventListener", "controllerchange", app.FuncOf(func(app.Value, []app.Value) any {
		app.Window().Get("location").Call("reload")
		return nil
	}))
	workers.Get("ready").Then(func(registration app.Value) {
		if waiting := registration.Get("waiting"); waiting.Truthy() {
			waiting.Call("postMessage", "activate")
		}
	})
}

//go:build js && wasm

// Command app is the page's WASM: go-app's engine and the routes of package ui.
package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/ui"
)

func main() {
	ui.Routes()
	app.RunWhenOnBrowser()
}

//go:build !wasm

package ui

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Generate renders the page's fixed files (HTML of each route, start script,
// manifest) into a folder. version and length are of the page's WASM.
func Generate(dir, version string, length int, place Place) error {
	Routes()
	return app.GenerateStaticWebsite(dir, &app.Handler{
		Name:              "Blastlens",
		ShortName:         "Blastlens",
		Title:             "Blastlens",
		Author:            "Blastlens",
		Description:       "Reads photographs of a blood smear in this tab; nothing leaves the device. Research and education, not a medical device.",
		Lang:              "en",
		Icon:              app.Icon{Default: "/icon-192.png", Large: "/icon-512.png", SVG: "/icon.svg", Maskable: "/icon-512.png"},
		Styles:            []string{"/blastlens.css"},
		BackgroundColor:   "#f6f7f9",
		ThemeColor:        "#5b2a86",
		LoadingLabel:      "Opening Blastlens {progress}%",
		Version:           version,
		WasmContentLength: fmt.Sprint(length),
		Env:               place.environment(),
	})
}

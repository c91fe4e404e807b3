package ui

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// devices that a reader may ask for.
var devices = []string{"auto", "webgpu", "tab", "cpu"}

var deviceNames = map[string]string{"auto": "Best available", "webgpu": "Graphics (WebGPU)", "tab": "Processor, all cores", "cpu": "Processor, one core"}

// shell is the frame of every page.
func shell(route string, c *client, body ...app.UI) app.UI {
	link := func(href, text string) app.UI {
		a := app.A().Href(href).Text(text)
		if href == route {
			a = a.Aria("current", "page")
		}
		return a
	}
	return app.Div().Class("page").Body(
		app.Header().Body(
			app.A().Class("brand").Href("/").Body(app.Img().Src("/icon.svg").Aria("hidden", true).Width(28).Height(28), app.Span().Text("Blastlens")),
			app.Nav().Aria("label", "Pages").Body(link("/", "Read pictures"), link("/about", "About this model")),
		),
		app.P().Class("caution").Text("Research and education. Not a medical device."),
		app.If(c.Update, func() app.UI {
			return app.Div().Class("update").Role("status").Body(
				app.Span().Text("A newer version is ready."),
				app.Button().Text("Use it now").OnClick(func(app.Context, app.Event) { c.applyUpdate() }),
			)
		}),
		app.Main().Body(body...),
		app.Footer().Body(app.P().Text("Morphology alone does not establish a subtype: that needs immunophenotyping and a haematologist.")),
	)
}

// engineLine says what the engine is doing, or what it runs on and why.
func engineLine(c *client) app.UI {
	line := app.Section().Class("engine").Aria("label", "Engine").DataSet("testid", "engine").DataSet("ready", c.Phase == ready)
	chooser := app.Label().Class("device").Body(
		app.Span().Text("Runs on"),
		app.Select().OnChange(func(ctx app.Context, e app.Event) {
			c.restart(ctx.JSSrc().Get("value").String())
		}).Body(app.Range(devices).Slice(func(i int) app.UI {
			return app.Option().Value(devices[i]).Text(deviceNames[devices[i]]).Selected(devices[i] == c.Device)
		})),
	)
	switch c.Phase {
	case ready:
		e := c.Engine
		return line.Body(
			app.Details().Body(
				app.Summary().Body(app.Span().Class("dot ok"), app.Span().Text("Ready on "+deviceWord(e.Device)+" · "+e.Describe)),
				app.P().Text(e.Why),
				app.Range(e.Notes).Slice(func(i int) app.UI { return app.P().Text(upperFirst(e.Notes[i])) }),
				app.P().Class("mono").Text("Model "+e.Version+" · SHA-256 "+e.SHA256),
			),
			chooser,
		)
	case failed:
		return line.Body(
			app.Div().Role("alert").Body(app.Span().Class("dot bad"), app.Span().Text(c.Reason)),
			app.Button().Text("Start the engine again").OnClick(func(app.Context, app.Event) { c.restart(c.Device) }),
			chooser,
		)
	}
	progress := app.Progress().Aria("label", stageText(c.session))
	if c.Total > 0 {
		progress = progress.Max(c.Total).Value(c.Done)
	}
	return line.Body(app.Div().Class("stage").Role("status").Body(app.Span().Text(stageText(c.session)), progress), chooser)
}

// stageText tells what loading is at.
func stageText(s *session) string {
	switch s.Stage {
	case wire.StageDownload:
		if s.Total > 0 {
			return fmt.Sprintf("Fetching the model: %.1f of %.1f MB", float64(s.Done)/1e6, float64(s.Total)/1e6)
		}
		return "Fetching the model"
	case wire.StageVerify:
		return "Checking that the model is whole"
	case wire.StageCompile:
		return "Preparing the network"
	case wire.StageSelfTest:
		return "Self-test"
	}
	return "Starting the engine"
}

func deviceWord(device string) string {
	switch device {
	case "webgpu":
		return "graphics"
	case "tab", "cpu":
		return "the processor"
	}
	return device
}

package ui

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// home is where pictures are read.
type home struct {
	app.Compo
	client    *client
	listeners []windowListener
	over      bool // a file hangs over the page
	undo      func()
	undoName  string
	cards     int  // that are on the page; more come with each frame
	growing   bool // they will
	grow      func()
	trouble   string // with what was dropped
}

// batch is how many cards the page gets at a time: all of a large folder at once
// would hold it up.
const batch = 16

// windowListener is what home hears wherever on the page it happens.
type windowListener struct {
	event string
	f     app.Func
}

func (h *home) OnMount(ctx app.Context) {
	h.client.redraw = func() { ctx.Dispatch(func(app.Context) {}) }
	h.grow = func() {
		ctx.After(20*time.Millisecond, func(app.Context) {
			h.cards += batch
			h.growing = false
		})
	}
	if device := ctx.Page().URL().Query().Get("device"); slices.Contains(devices, device) && h.client.worker == nil {
		h.client.Device = device
	}
	h.client.Debug = ctx.Page().URL().Query().Has("debug")
	h.client.start()
	h.client.watchUpdate()
	h.hear("paste", func(e app.Value) { h.take(e.Get("clipboardData")) })
	h.hear("dragover", func(e app.Value) { e.Call("preventDefault"); h.hover(true) })
	h.hear("dragleave", func(app.Value) { h.hover(false) })
	h.hear("drop", func(e app.Value) {
		e.Call("preventDefault") // else the tab would open the file and leave the page
		h.hover(false)
		h.drop(e.Get("dataTransfer"))
	})
}

func (h *home) OnDismount() {
	for _, l := range h.listeners {
		app.Window().Call("removeEventListener", l.event, l.f)
		l.f.Release()
	}
	h.listeners = nil
}

func (h *home) hear(event string, f func(app.Value)) {
	if app.IsServer {
		return
	}
	listener := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
	app.Window().Call("addEventListener", event, listener)
	h.listeners = append(h.listeners, windowListener{event, listener})
}

func (h *home) hover(over bool) {
	if h.over != over {
		h.over = over
		h.client.redraw()
	}
}

// take puts the files that an event carries on the page.
func (h *home) take(transfer app.Value) {
	if transfer.Truthy() && transfer.Get("files").Length() > 0 {
		h.trouble = ""
		h.client.take(listed(transfer.Get("files")))
	}
}

// drop does so with what was dropped, and looks into folders.
func (h *home) drop(transfer app.Value) {
	if !transfer.Truthy() {
		return
	}
	all := entries(transfer)
	if !slices.ContainsFunc(all, func(e app.Value) bool { return e.Get("isDirectory").Bool() }) {
		h.take(transfer)
		return
	}
	go func() {
		files, err := walk(all)
		switch h.trouble = ""; {
		case err != nil:
			h.trouble = fmt.Sprintf("Part of the folder could not be read (%v); %d files of it are here.", err, len(files))
		case len(files) == 0:
			h.trouble = "There is no file in this folder."
		}
		h.client.take(files)
	}()
}

func (h *home) Render() app.UI {
	c := h.client
	return shell("/", c,
		app.Section().Class("intro").Body(
			app.H1().Text("What does this smear's morphology suggest?"),
			app.P().Text("Drop photographs of a blood smear. This tab reads them; nothing leaves the device."),
		),
		engineLine(c),
		h.dropZone(),
		h.results(),
		app.If(h.client.Debug && h.client.Phase == ready, func() app.UI { return profileTable(h.client.session) }),
		h.samples(),
	)
}

func (h *home) dropZone() app.UI {
	class := "drop"
	if h.over {
		class += " over"
	}
	choose := func(ctx app.Context, e app.Event) {
		h.trouble = ""
		h.client.take(listed(ctx.JSSrc().Get("files")))
		ctx.JSSrc().Set("value", "") // so that the same file may be chosen again
	}
	return app.Div().Class("choice").Body(app.Label().Class(class).For("pictures").Body(
		app.Input().ID("pictures").Class("visually-hidden").Type("file").Multiple(true).Accept("image/*").
			Aria("label", "Choose photographs of a blood smear").
			OnChange(choose),
		app.Span().Class("drop-main").Body(app.Strong().Text("Choose pictures"), app.Text(" or drop them, or a folder of them, anywhere on this page")),
		app.Span().Class("hint").Text("Several at once; pasting works too. JPEG or PNG of a whole field, 100x objective, as a microscope camera gives it."),
	), app.Label().Class("folder-choice").For("folder").Body(
		app.Input().ID("folder").Class("visually-hidden").Type("file").Attr("webkitdirectory", true).
			Aria("label", "Choose a folder of photographs").
			OnChange(choose),
		app.Span().Text("Choose a whole folder"),
	), app.If(h.trouble != "", func() app.UI {
		return app.P().Class("reason").Role("alert").Text(h.trouble)
	}))
}

func (h *home) results() app.UI {
	pictures := h.client.Pictures
	return app.Section().Class("results").Aria("live", "polite").Aria("label", "Results").Body(
		app.If(h.undo != nil, func() app.UI {
			return app.Div().Class("undo").Role("status").Body(
				app.Span().Text(h.undoName+" was taken off the page."),
				app.Button().Class("quiet").Text("Undo").OnClick(func(app.Context, app.Event) {
					h.undo()
					h.undo = nil
				}),
			)
		}),
		folderLine(h.client.session,
			func(app.Context, app.Event) { h.client.stop() },
			func(app.Context, app.Event) {
				h.client.resume()
				h.client.sendDue()
			}),
		app.Range(pictures[:h.ripe()]).Slice(func(i int) app.UI {
			return &card{Picture: pictures[i], State: pictures[i].State, session: h.client.session, remove: h.remove}
		}),
	)
}

// ripe is how many cards the page shows now; others follow.
func (h *home) ripe() int {
	h.cards = max(batch, min(h.cards, len(h.client.Pictures)))
	if h.cards < len(h.client.Pictures) && !h.growing && h.grow != nil {
		h.growing = true
		h.grow()
	}
	return min(h.cards, len(h.client.Pictures))
}

func (h *home) remove(id int) {
	if p, at := h.client.remove(id); p != nil {
		h.undoName = p.Name
		h.undo = func() {
			h.client.restore(p, at)
			h.client.sendDue()
		}
	}
}

func (h *home) samples() app.UI {
	drawn := here().Drawn
	return app.Section().Class("samples").Body(
		app.H2().Text("Try it"),
		app.P().Class("hint").Text("Drawn smears, not pictures of anybody. A small demonstration head, trained on drawings, answers them."),
		app.Div().Class("strip").Body(
			app.Range(drawn).Slice(func(i int) app.UI { return h.sample(drawn[i], drawnTitle(drawn[i]), drawing) }),
		),
		app.P().Class("hint").Text("And a field of ordinary blood from another microscope (BCCD, MIT licence): an example of what this model is not made for."),
		app.Div().Class("strip").Body(h.sample(foreignSample, "ordinary blood, other scale", foreign)),
	)
}

// foreignSample is a field at another magnification than the model learned.
const foreignSample = "/samples/bccd-00001.jpg"

func (h *home) sample(file, title string, why purpose) app.UI {
	return app.Button().Class("sample").Title("Read "+title).OnClick(func(app.Context, app.Event) {
		h.client.fetch(file, path.Base(file), why)
	}).Body(
		app.Img().Src(file).Alt(title).Width(96).Height(96).Loading("lazy"),
		app.Span().Text(title),
	)
}

// drawnTitle is "early 2" for /samples/drawn-early-2.jpg.
func drawnTitle(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(path.Base(file), "drawn-"), ".jpg")
	return "drawn " + strings.ReplaceAll(name, "-", " ")
}

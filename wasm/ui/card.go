package ui

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// card shows one picture first, then what was read from it. It is drawn anew when
// an exported field changes, and so not with every other picture's answer.
type card struct {
	app.Compo
	Picture *picture
	State   state // of Picture

	session *session
	remove  func(id int)
}

func (c *card) Render() app.UI {
	p := c.Picture
	article := app.Article().Class("card "+string(p.State)).
		DataSet("testid", "card").DataSet("name", p.Name).DataSet("state", p.State)
	content := []app.UI{app.H2().Class("file").Text(p.Name)}
	switch p.Purpose {
	case drawing:
		content = append(content, tag("demonstration", "Demonstration, drawn pictures"))
	case foreign:
		content = append(content, tag("warning", "Not what this model reads: another scale and stain. Do not believe this answer."))
	}
	switch p.State {
	case waiting:
		content = append(content, app.P().Class("hint").Text("Waiting for the engine"), app.Progress().Aria("label", "Waiting"))
	case stopped:
		content = append(content, app.P().Class("hint").Text("Not read: stopped."))
	case refused:
		content = append(content, app.P().Class("reason").Body(app.Strong().Text("Not read. "), app.Text(upperFirst(p.Reason))))
	case done:
		logits, err := json.Marshal(p.Answer.Logits)
		if err != nil {
			panic("BUG: ui: finite numbers must encode: " + err.Error())
		}
		article = article.DataSet("device", p.Answer.Device).DataSet("logits", string(logits)).DataSet("ms", p.Answer.RunMS)
		content = append(content, answer(c.session.classes(p.Answer), p)...)
	}
	return article.Body(
		app.Div().Class("picture").Body(thumbnail(p)),
		app.Div().Class("reading").Body(content...),
		app.Button().Class("remove quiet").Aria("label", "Take "+p.Name+" off the page").Title("Take off the page").Text("×").OnClick(func(app.Context, app.Event) { c.remove(c.Picture.ID) }),
	)
}

// thumbnail hides itself where the browser cannot draw the file either. Both
// events are heard, since an element may come to show another picture.
func thumbnail(p *picture) app.UI {
	mark := func(broken bool) app.EventHandler {
		return func(ctx app.Context, _ app.Event) {
			ctx.PreventUpdate() // nothing that Render knows has changed
			ctx.JSSrc().Get("classList").Call("toggle", "broken", broken)
		}
	}
	return app.Img().Src(p.Thumb).Alt("The picture "+p.Name).On("error", mark(true)).On("load", mark(false))
}

func tag(class, text string) app.UI { return app.P().Class("tag " + class).Text(text) }

// answer is statement, probabilities and provenance, in this order.
func answer(classes []string, p *picture) []app.UI {
	a := p.Answer
	rows := app.Dl().Class("probabilities").Body(app.Range(a.Probabilities).Slice(func(i int) app.UI {
		name := fmt.Sprintf("class %d", i)
		if i < len(classes) {
			name = classes[i]
		}
		class := "row"
		if i == a.Class {
			class += " top"
		}
		percent := float64(a.Probabilities[i]) * 100
		return app.Div().Class(class).Body(
			app.Dt().Text(name),
			app.Dd().Body(app.Meter().Min(0).Max(100).Value(percent).Aria("label", name), app.Span().Text(percentText(percent))),
		)
	}))
	out := []app.UI{app.P().Class("statement").Text(a.Statement), rows}
	for _, n := range a.Notes {
		out = append(out, app.P().Class("note").Text(upperFirst(n)))
	}
	return append(out, app.P().Class("provenance").Text(provenance(a)))
}

// percentText never claims certainty: a network's 100 % is a rounding.
func percentText(percent float64) string {
	switch {
	case percent > 99:
		return "> 99 %"
	case percent < 1:
		return "< 1 %"
	}
	return fmt.Sprintf("%.0f %%", percent)
}

func provenance(a *wire.Answer) string {
	device := a.Device
	if a.Describe != "" {
		short, _, _ := strings.Cut(a.Describe, ": ") // why so stands in the engine's line
		device += ", " + short
	}
	return fmt.Sprintf("%s · %.0f ms (network %.0f ms) · %d × %d pixels · model %s", device, a.MS, a.RunMS, a.Width, a.Height, a.Version)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

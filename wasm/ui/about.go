package ui

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// about is the model's card: what it learned from, how good it is, where it ends.
type about struct {
	app.Compo
	client *client
}

// record is what the page reads of a head's training record.
type record struct {
	Kind    string   `json:"kind"`
	Start   string   `json:"start"`
	Date    string   `json:"date"`
	Shipped string   `json:"shipped"`
	Notes   []string `json:"notes"`
	Data    struct {
		Name       string   `json:"name"`
		Classes    []string `json:"classes"`
		Counts     []int    `json:"counts"`
		Pictures   int      `json:"pictures"`
		Duplicates int      `json:"duplicates"`
	} `json:"data"`
	Figures    []figure `json:"figures"`
	RandomBody []figure `json:"random_body"`
}

type figure struct {
	Split     string  `json:"split"`
	Folds     int     `json:"folds"`
	Judged    int     `json:"judged"`
	Embargoed int     `json:"embargoed"`
	Accuracy  float64 `json:"accuracy"`
	Balanced  float64 `json:"balanced_accuracy"`
	Colour    struct {
		Method   string  `json:"method"`
		Accuracy float64 `json:"accuracy"`
		Balanced float64 `json:"balanced_accuracy"`
	} `json:"colour_only"`
}

func (a *about) OnMount(ctx app.Context) {
	a.client.redraw = func() { ctx.Dispatch(func(app.Context) {}) }
	a.client.start()
}

func (a *about) Render() app.UI {
	sections := []app.UI{
		app.Section().Class("intro").Body(
			app.H1().Text("About this model"),
			app.P().Text("An EfficientNet-B3 reads one field of a peripheral blood smear and says which of the classes below its morphology suggests. It was made for research and education."),
		),
		engineLine(a.client),
	}
	if e := a.client.Engine; e != nil {
		for _, h := range e.Heads {
			sections = append(sections, headSection(h))
		}
	}
	return shell("/about", a.client, append(sections, limits())...)
}

func headSection(h wire.Head) app.UI {
	title := "The smear head"
	if h.Demonstration {
		title = "The demonstration head (drawn pictures only)"
	}
	section := []app.UI{app.H2().Text(title), app.P().Text("Classes: " + strings.Join(h.Classes, ", ") + ".")}
	var r record
	if err := json.Unmarshal([]byte(h.Record), &r); err != nil {
		section = append(section, app.P().Class("reason").Text("Its training record cannot be read: "+err.Error()))
		return app.Section().Class("model").Body(section...)
	}
	if r.Data.Pictures == 0 {
		section = append(section, app.P().Class("reason").Text("Its training record names no pictures: do not rely on this head."))
		return app.Section().Class("model").Body(section...)
	}
	counts := make([]string, 0, len(r.Data.Counts))
	for i, n := range r.Data.Counts {
		if i < len(r.Data.Classes) {
			counts = append(counts, fmt.Sprintf("%s %d", r.Data.Classes[i], n))
		}
	}
	section = append(section,
		app.P().Textf("Trained on %d pictures (%s), %d of them byte-identical to another. %s. Start of the body: %s.",
			r.Data.Pictures, strings.Join(counts, ", "), r.Data.Duplicates, upperFirst(r.Kind), r.Start),
		figureTable(r.Figures),
	)
	if len(r.RandomBody) > 0 {
		section = append(section, app.H3().Text("Control: the same head on a body of random weights"), figureTable(r.RandomBody))
	}
	if r.Shipped != "" {
		section = append(section, app.P().Class("hint").Text("Shipped weights: "+r.Shipped+"."))
	}
	for _, n := range r.Notes {
		section = append(section, app.P().Class("hint").Text(upperFirst(n)))
	}
	return app.Section().Class("model").Body(section...)
}

// figureTable sets each figure beside its split, its count and what colour alone scores.
func figureTable(figures []figure) app.UI {
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "Figures").Body(app.Table().Body(
		app.THead().Body(app.Tr().Body(
			app.Th().Scope("col").Text("Split"), app.Th().Scope("col").Text("Judged"),
			app.Th().Scope("col").Text("Accuracy"), app.Th().Scope("col").Text("Balanced"),
			app.Th().Scope("col").Text("Colour alone, accuracy"), app.Th().Scope("col").Text("Colour alone, balanced"),
		)),
		app.TBody().Body(app.Range(figures).Slice(func(i int) app.UI {
			f := figures[i]
			return app.Tr().Body(
				app.Th().Scope("row").Text(f.Split), app.Td().Text(f.Judged),
				app.Td().Text(percent(f.Accuracy)), app.Td().Text(percent(f.Balanced)),
				app.Td().Text(percent(f.Colour.Accuracy)), app.Td().Text(percent(f.Colour.Balanced)),
			)
		})),
	))
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func limits() app.UI {
	return app.Section().Class("model").Body(
		app.H2().Text("What it cannot tell"),
		app.Ul().Body(
			app.Li().Text("The pictures come from one hospital, one microscope and one stain, with no patient numbers: a random split measures memory of slides as much as skill. The split by blocks of file numbers is the honest one; colour alone scores high on either."),
			app.Li().Text("It knows whole fields at one magnification. Another objective, camera or stain gives a picture it never saw, and it answers all the same."),
			app.Li().Text("It does not yet refuse a picture that is no smear. Probabilities are not calibrated."),
			app.Li().Text("The subtypes in its training data were established by flow cytometry; morphology suggests, it does not establish."),
		),
		app.H2().Text("Sources"),
		app.P().Text("Training pictures: Aria et al. 2021, DOI 10.34740/KAGGLE/DSV/2175623; Ghaderzadeh et al., Int J Intell Syst 2022;37:5113-5133 (not redistributed here). Body: ImageNet EfficientNet-B4 weights, MIT licence, © 2023 Jiexiang Liu. Example field: BCCD, MIT licence. Blastlens: Apache 2.0."),
	)
}

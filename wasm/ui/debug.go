package ui

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// profileTable shows, on a page opened with ?debug, what computes, why, and what
// each step of the plan takes.
func profileTable(s *session) app.UI {
	e := s.Engine
	section := app.Section().Class("model").DataSet("testid", "profile").DataSet("done", s.Profile != nil)
	head := []app.UI{
		app.H2().Text("How it computes"),
		app.P().Text(e.Device + ", " + e.Describe),
		app.P().Text(e.Why),
		app.If(e.Summary != "", func() app.UI { return app.P().Text(e.Summary) }),
	}
	switch {
	case s.Profile == nil:
		return section.Body(append(head, app.P().Class("hint").Text("Timing the steps"))...)
	case s.Profile.Reason != "":
		return section.Body(append(head, app.P().Class("reason").Text(upperFirst(s.Profile.Reason)))...)
	}
	steps := s.Profile.Steps
	total := 0.0
	for _, t := range steps {
		total += t.MS
	}
	return section.Body(append(head,
		app.P().Textf("The plan of model %s: %d steps, %.2f ms each by itself, medians.", e.Version, len(steps), total),
		app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "Steps").Body(app.Table().Body(
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("Step"), app.Th().Scope("col").Text("Operation"), app.Th().Scope("col").Text("Shape"),
				app.Th().Scope("col").Text("ms"), app.Th().Scope("col").Text("GFLOP/s"),
			)),
			app.TBody().Body(app.Range(steps).Slice(func(i int) app.UI {
				t := steps[i]
				return app.Tr().Body(
					app.Th().Scope("row").Text(t.Name), app.Td().Text(t.Op), app.Td().Text(t.Shape),
					app.Td().Text(fmt.Sprintf("%.3f", t.MS)), app.Td().Text(fmt.Sprintf("%.1f", t.GFLOPS)),
				)
			})),
		)),
	)...)
}

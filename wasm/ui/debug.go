package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// profileTable shows, on a page opened with ?debug, what computes, why that and
// not another, what the plan comes to there, and what each step of it takes.
func profileTable(s *session) app.UI {
	e := s.Engine
	section := app.Section().Class("model debug").DataSet("testid", "profile").DataSet("done", s.Profile != nil)
	body := []app.UI{
		app.H2().Text("How it computes"),
		app.P().Text(e.Device + ", " + e.Describe),
		app.H3().Text("Why there"),
		clauses(e.Why),
		app.If(e.Summary != "", func() app.UI { return app.H3().Text("What a picture comes to") }),
		app.If(e.Summary != "", func() app.UI { return clauses(e.Summary) }),
	}
	switch {
	case s.Profile == nil:
		return section.Body(append(body, app.P().Class("hint").Text("Timing the steps"))...)
	case s.Profile.Reason != "":
		return section.Body(append(body, app.P().Class("reason").Text(upperFirst(s.Profile.Reason)))...)
	}
	steps := s.Profile.Steps
	operations, total := byOperation(steps)
	return section.Body(append(body,
		app.H3().Text("Where the time goes"),
		app.P().Textf("The plan of model %s: %d steps, %.2f ms each by itself, medians.", e.Version, len(steps), total),
		timesTable("Operations", "operations", operations, total, func(o operation) []string { return []string{o.Op, fmt.Sprint(o.steps)} }, "Operation", "Steps"),
		stepsTable(steps, total),
	)...)
}

// clauses is a list of what a text says, one a line; what stands in brackets stays
// together.
func clauses(text string) app.UI {
	var lines []string
	line := ""
	for part := range strings.SplitSeq(text, "; ") {
		if line += part; strings.Count(line, "(") > strings.Count(line, ")") {
			line += "; "
			continue
		}
		lines, line = append(lines, line), ""
	}
	if line != "" {
		lines = append(lines, strings.TrimSuffix(line, "; "))
	}
	return app.Ul().Body(app.Range(lines).Slice(func(i int) app.UI { return app.Li().Text(upperFirst(lines[i])) }))
}

// operation is all steps of one kind.
type operation struct {
	wire.Step
	steps int
}

// byOperation sums steps up, the slowest first, and all of them.
func byOperation(steps []wire.Step) (all []operation, ms float64) {
	for _, t := range steps {
		ms += t.MS
		i := slices.IndexFunc(all, func(o operation) bool { return o.Op == t.Op })
		if i < 0 {
			i = len(all)
			all = append(all, operation{Step: wire.Step{Op: t.Op}})
		}
		o := &all[i]
		o.steps++
		if flops := o.GFLOPS*o.MS + t.GFLOPS*t.MS; o.MS+t.MS > 0 {
			o.GFLOPS = flops / (o.MS + t.MS)
		}
		o.MS += t.MS
	}
	slices.SortStableFunc(all, func(a, b operation) int { return cmp.Compare(b.MS, a.MS) })
	return all, ms
}

func stepsTable(steps []wire.Step, total float64) app.UI {
	columns := []string{"Step", "Operation", "Shape"}
	// Only of a GPU there is more to say of what runs.
	kernels := slices.ContainsFunc(steps, func(t wire.Step) bool { return t.Kernels != "" })
	if kernels {
		columns = append(columns, "Kernels, in workgroups")
	}
	all := make([]operation, len(steps))
	for i, t := range steps {
		all[i].Step = t
	}
	return timesTable("Steps", "steps", all, total, func(o operation) []string {
		cells := []string{o.Name, o.Op, o.Shape}
		if kernels {
			cells = append(cells, o.Kernels)
		}
		return cells
	}, columns...)
}

// timesTable has what name says of each row, and its time with its share of total;
// the bar is as long as it can be for the slowest.
func timesTable(label, id string, rows []operation, total float64, name func(operation) []string, columns ...string) app.UI {
	slowest := 0.0
	for _, t := range rows {
		slowest = max(slowest, t.MS)
	}
	words := len(columns)
	columns = append(columns, "ms", "% of time", "", "GFLOP/s")
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", label).Body(app.Table().DataSet("testid", id).Body(
		app.THead().Body(app.Tr().Body(app.Range(columns).Slice(func(i int) app.UI {
			th := app.Th().Scope("col").Text(columns[i])
			if i < words {
				th.Class("words")
			}
			return th
		}))),
		app.TBody().Body(app.Range(rows).Slice(func(i int) app.UI {
			t := rows[i]
			cells := name(t)
			row := []app.UI{app.Th().Scope("row").Text(cells[0])}
			for _, text := range cells[1:] {
				row = append(row, app.Td().Class("words").Text(text))
			}
			share := 0.0
			if total > 0 {
				share = t.MS / total
			}
			return app.Tr().Body(append(row,
				app.Td().Text(fmt.Sprintf("%.3f", t.MS)), app.Td().Text(fmt.Sprintf("%.1f", 100*share)),
				app.Td().Class("share").Body(app.Meter().Max(slowest).Value(t.MS).Aria("hidden", "true")),
				app.Td().Text(fmt.Sprintf("%.1f", t.GFLOPS)),
			)...)
		})),
	))
}

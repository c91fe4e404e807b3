package report

import "blastlens/model/evaluate"

// row is one figure of every class and its mean.
type row struct {
	Name    string
	Classes []cell
	Macro   cell
}

// rates turns the classes' rates on their side: a row a figure, a column a class.
func rates(m *evaluate.Metrics) []row {
	var rows []row
	for _, f := range []struct {
		name string
		show func(evaluate.Estimate) cell
		of   func(evaluate.Rates) evaluate.Estimate
	}{
		{"Precision", percent, func(r evaluate.Rates) evaluate.Estimate { return r.Precision }},
		{"Recall (sensitivity)", percent, func(r evaluate.Rates) evaluate.Estimate { return r.Recall }},
		{"Specificity", percent, func(r evaluate.Rates) evaluate.Estimate { return r.Specificity }},
		{"F1", percent, func(r evaluate.Rates) evaluate.Estimate { return r.F1 }},
		{"F2", percent, func(r evaluate.Rates) evaluate.Estimate { return r.F2 }},
		{"ROC AUC", decimal, func(r evaluate.Rates) evaluate.Estimate { return r.AUC }},
		{"Average precision", decimal, func(r evaluate.Rates) evaluate.Estimate { return r.AveragePrecision }},
	} {
		made := row{Name: f.name, Macro: f.show(f.of(m.Macro))}
		for _, c := range m.Classes {
			made.Classes = append(made.Classes, f.show(f.of(c.Rates)))
		}
		rows = append(rows, made)
	}
	return rows
}

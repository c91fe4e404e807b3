package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"blastlens/model/adapt"
	"blastlens/model/evaluate"
)

// printRecord shows a training's figures, each with its split and its controls.
func printRecord(out io.Writer, r adapt.Record) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %s head, %d pictures (%s), body: %s\n", r.Network, r.Head, r.Data.Pictures, r.Data.Name, r.Start)
	if r.Kind == wholeNetwork {
		fmt.Fprintln(w, startLine(r.Start))
		if r.Device != "" { // older records do not say
			fmt.Fprintf(w, "trained on %s\n", r.Device)
		}
	}
	fmt.Fprintln(w, "split\tjudged\taccuracy\tbalanced\tcolour only\tbalanced\t")
	row := func(prefix string, f adapt.Figure) {
		fmt.Fprintf(w, "%s%s\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t\n", prefix, f.Split, f.Judged, f.Accuracy, f.Balanced, f.Colour.Accuracy, f.Colour.Balanced)
	}
	for _, f := range r.Figures {
		row("", f)
	}
	for _, f := range r.RandomBody {
		row("random body: ", f)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, f := range r.Figures {
		fmt.Fprintf(out, "\n%s\nrows: true class, columns: answer\n", f.Split)
		printConfusion(out, r.Data.Classes, f.Confusion)
	}
	return nil
}

// printEvaluated shows an evaluation's figures with their intervals.
func printEvaluated(out io.Writer, r evaluated) error {
	m := r.Metrics
	fmt.Fprintf(out, "%s, head %s, on %s, %s: %d pictures, accuracy %.4f, balanced accuracy %.4f\n", r.Version, r.Head, r.Data, r.Split, r.Judged, r.Accuracy, r.Balanced)
	fmt.Fprintf(out, "in brackets: 95 %% interval, bootstrap over %d groups: %s\n\n", m.Groups, r.GroupedBy)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range []struct {
		name   string
		figure evaluate.Estimate
	}{
		{"accuracy", m.Accuracy}, {"balanced accuracy", m.Macro.Recall}, {"Cohen's kappa", m.Kappa}, {"Matthews correlation", m.Matthews},
		{"expected calibration error", m.Calibration}, {"Brier score (0 to 2)", m.Brier},
	} {
		fmt.Fprintf(w, "%s\t%v\n", f.name, f.figure)
	}
	fmt.Fprintln(w, "\t")
	for _, c := range append(slices.Clone(m.Classes), evaluate.ClassMetrics{Name: "mean of classes", Pictures: m.Pictures, Rates: m.Macro}) {
		fmt.Fprintf(w, "%s, %d pictures\t\n", c.Name, c.Pictures)
		for _, f := range []struct {
			name   string
			figure evaluate.Estimate
		}{
			{"precision", c.Precision}, {"recall (sensitivity)", c.Recall}, {"specificity", c.Specificity}, {"F1", c.F1}, {"F2", c.F2},
			{"ROC AUC", c.AUC}, {"average precision", c.AveragePrecision},
		} {
			fmt.Fprintf(w, "  %s\t%v\n", f.name, f.figure)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nrows: true class, columns: answer")
	printConfusion(out, r.Classes, r.Confusion)
	return nil
}

func printConfusion(out io.Writer, classes []string, confusion [][]int) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range classes {
		fmt.Fprintf(w, "\t%s", c)
	}
	fmt.Fprintln(w, "\t")
	for i, row := range confusion {
		fmt.Fprint(w, classes[i])
		for _, n := range row {
			fmt.Fprintf(w, "\t%d", n)
		}
		fmt.Fprintln(w, "\t")
	}
	w.Flush()
}

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"blastlens/model/adapt"
)

// printRecord shows a training's figures, each with its split and its controls.
func printRecord(out io.Writer, r adapt.Record) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %s head, %d pictures (%s), body: %s\n", r.Network, r.Head, r.Data.Pictures, r.Data.Name, r.Start)
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

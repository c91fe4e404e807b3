package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"blastlens/model/data"
	"blastlens/model/figures"
)

type dataCheckCmd struct {
	Dir      string   `arg:"" help:"Folder with a subfolder of pictures for each class."`
	Classes  []string `help:"The only class names allowed, separated by commas." placeholder:"NAME,..."`
	Manifest string   `help:"Write path, label, SHA-256 and group of each picture here (CSV)." placeholder:"FILE"`
	Plot     string   `help:"Write the class distribution here (PNG)." placeholder:"FILE"`
	JSON     bool     `name:"json" help:"Print the report as JSON."`
}

// Run prints the report. Problems that would keep the folder from being trained
// on are the error; if there are none but something was left out, the error is
// errSomeRefused.
func (c *dataCheckCmd) Run(s streams) error {
	if err := wantExtension("--plot", c.Plot, ".png"); err != nil {
		return err
	}
	report, set, err := data.Check(c.Dir, c.Classes)
	if err != nil {
		return err
	}
	if c.Manifest != "" {
		var b bytes.Buffer
		if err := set.WriteManifest(&b); err != nil {
			return fmt.Errorf("--manifest: %w", err)
		}
		if err := writeFile(c.Manifest, b.Bytes()); err != nil {
			return fmt.Errorf("--manifest: %w", err)
		}
	}
	if c.Plot != "" && len(set.Classes) > 0 {
		file, err := figures.Bars("Pictures of each class", "pictures", set.Classes, set.Counts())
		if err != nil {
			return fmt.Errorf("--plot: %w", err)
		}
		if err := writeFile(c.Plot, file); err != nil {
			return fmt.Errorf("--plot: %w", err)
		}
	}
	if c.JSON {
		err = s.printJSON(report)
	} else {
		err = printReport(s.out, report)
	}
	switch {
	case err != nil:
		return err
	case len(report.Problems) > 0:
		return errors.New(strings.Join(report.Problems, "\n"))
	case report.LeftOut() > 0:
		return fmt.Errorf("%d left out: %w", report.LeftOut(), errSomeRefused)
	}
	return nil
}

// shown is how many names of a kind are printed; --json has them all.
const shown = 8

func printReport(out io.Writer, r data.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLASS\tPICTURES\tREFUSED")
	for _, c := range r.Classes {
		fmt.Fprintf(w, "%s\t%d\t%d\n", c.Name, c.Pictures, c.Refused)
	}
	fmt.Fprintf(w, "all\t%d\t%d\n", r.Pictures, len(r.Refused))
	if err := w.Flush(); err != nil {
		return err
	}
	list := func(what string, names []string) {
		if len(names) == 0 {
			return
		}
		fmt.Fprintf(out, "\n%s: %d\n", what, len(names))
		for _, name := range names[:min(shown, len(names))] {
			fmt.Fprintf(out, "  %s\n", name)
		}
		if more := len(names) - shown; more > 0 {
			fmt.Fprintf(out, "  and %d more; --json names all\n", more)
		}
	}
	tallies := func(what, mixed string, all []data.Tally) {
		var counts, files []string
		for k, t := range all {
			counts = append(counts, fmt.Sprintf("%s: %d", t.Name, t.Pictures))
			if k > 0 {
				for _, f := range t.Files {
					files = append(files, f+": "+t.Name)
				}
			}
		}
		if len(counts) > 0 {
			fmt.Fprintf(out, "\n%s  %s\n", what, strings.Join(counts, ", "))
		}
		list(mixed, files)
	}
	tallies("sizes", "pictures not of the usual size", r.Sizes)
	tallies("colours", "pictures not stored in the usual colours", r.Modes)
	for _, n := range r.Notes {
		list("pictures, "+n.Name, n.Files)
	}
	list("files refused", reasons(r.Refused))
	list("without a label", reasons(r.Unlabelled))
	list("pictures without a number in their name, which cannot be split by number", r.Unnumbered)
	list("groups of byte-identical pictures", groups(r.Identical))
	list("groups of near duplicates", groups(r.Near))
	_, err := fmt.Fprintf(out, "\n%d of %d pictures have an identical or near twin; between training and judging part it would be remembered, not recognised\n", r.Twins, r.Pictures)
	return err
}

func reasons(refused []data.Refusal) (lines []string) {
	for _, r := range refused {
		lines = append(lines, r.Name+": "+r.Reason)
	}
	return lines
}

// groups puts those with different labels first: one of them is wrong.
func groups(all []data.Alike) (lines []string) {
	for _, conflict := range []bool{true, false} {
		for _, a := range all {
			line := strings.Join(a.Names, " = ")
			if conflict {
				line += "  (labels differ)"
			}
			if a.Conflict == conflict {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// wantExtension refuses the name of an output file that says another format.
func wantExtension(flag, path, extension string) error {
	if path != "" && !strings.HasSuffix(strings.ToLower(path), extension) {
		return fmt.Errorf("%s %s: want a name that ends in %s", flag, path, extension)
	}
	return nil
}

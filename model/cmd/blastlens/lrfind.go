package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"blastlens/model/figures"
	"blastlens/model/learn"
	"blastlens/model/net"
)

type lrfindCmd struct {
	Head string `default:"fastai" enum:"fastai,plain" help:"Head to train."`
	Plot string `help:"Write the curve here." placeholder:"FILE.png"`
	JSON bool   `name:"json" help:"Print curve and suggestions as JSON."`
	pictures
	recipeFlags
	trainDevice
}

// found is what lrfind prints.
type found struct {
	*learn.Finder
	Suggestions []learn.Suggestion `json:"suggestions"`
}

// Run searches the learning rate: 100 steps from 1e-7 to 10, ended early when
// the loss is four times its best. The weights are thrown away.
func (c *lrfindCmd) Run(s streams) error {
	head, err := net.ParseHead(c.Head)
	if err != nil {
		return err
	}
	r, err := c.prepare(s, head, c.recipeFlags, c.trainDevice)
	if err != nil {
		return err
	}
	defer r.close()
	r.Told = watch(s.err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	finder, err := r.Find(ctx)
	if err != nil {
		return err
	}
	if c.Plot != "" {
		png, err := finderPlot(finder)
		if err == nil {
			err = writeFile(c.Plot, png)
		}
		if err != nil {
			return fmt.Errorf("--plot: %w", err)
		}
	}
	f := found{finder, finder.Suggestions()}
	if c.JSON {
		return s.printJSON(f)
	}
	fmt.Fprintf(s.out, "%d of %d steps; %s\n", len(f.Rates), learn.FinderSteps, startLine(r.start))
	for _, g := range f.Suggestions {
		fmt.Fprintf(s.out, "%-8s %.2e\n", g.Rule, g.Rate)
	}
	if len(f.Suggestions) == 0 {
		fmt.Fprintln(s.out, "the loss rose at once: too few steps for a suggestion")
	}
	return nil
}

func finderPlot(f *learn.Finder) ([]byte, error) {
	p := figures.LRFind{Rates: f.Rates, Losses: f.Losses}
	for _, g := range f.Suggestions() {
		if g.Rate < f.Rates[0] { // a tenth of the minimum's rate may lie before the run
			continue
		}
		p.Suggestions = append(p.Suggestions, figures.Suggestion{Name: g.Rule, Rate: g.Rate})
	}
	return figures.LRFinder("Learning-rate finder", p)
}

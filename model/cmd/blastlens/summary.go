package main

import (
	"fmt"
	"text/tabwriter"

	"blastlens/model/net"
)

type summaryCmd struct {
	Head    string `default:"fastai" enum:"fastai,plain,linear" help:"Head on the body: fastai, plain or linear."`
	Classes int    `default:"4" help:"Number of classes."`
	Size    int    `default:"224" help:"Pixels a side of the input, for the stages' shapes."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (c *summaryCmd) Run(s streams) error {
	head, err := net.ParseHead(c.Head)
	if err != nil {
		return err
	}
	if c.Classes < 1 || c.Size < 32 {
		return fmt.Errorf("summary: --classes %d and --size %d, want at least 1 and 32", c.Classes, c.Size)
	}
	sum := net.Summarise(head, c.Classes, c.Size)
	if c.JSON {
		return s.printJSON(sum)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "stage\tchannels\trows\tcolumns\tparameters\tmultiply-adds\t")
	for _, r := range sum.Stages {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t\n", r.Name, r.Output[0], r.Output[1], r.Output[2], r.Params, r.MACs)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s, %s head, %d classes: %d parameters, %d trainable with a frozen body, %d frozen; %.3f GMAC at 224, %.3f at 300\n",
		sum.Network, sum.Head, sum.Classes, sum.Parameters, sum.Trainable, sum.Frozen, sum.GMAC224, sum.GMAC300)
	return err
}

package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"blastlens/model/net"
	"blastlens/model/net/load"
)

type summaryCmd struct {
	Head    string `default:"fastai" enum:"fastai,plain" help:"Head on the body: fastai's two layers, or plain, timm's single one."`
	Classes int    `default:"4" help:"Number of classes."`
	Size    int    `default:"224" help:"Pixels a side of the input, for the stages' shapes."`
	Init    string `help:"Also fill the network from this file and say which tensors are missing or extra: timm's efficientnet_b3 safetensors, a packed model, or a folder of EfficientNet-B4 tensors." placeholder:"PATH"`
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
	sum := struct {
		net.Summary
		Init *load.Report `json:"init,omitempty"`
	}{Summary: net.Summarise(head, c.Classes, c.Size)}
	if c.Init != "" {
		report, err := load.Into(net.InitRandom(head, c.Classes, 1), net.Names(head, c.Classes), c.Init)
		if err != nil {
			return fmt.Errorf("--init: %w", err)
		}
		s.sayInit(c.Init, report)
		sum.Init = &report
	}
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

// sayInit tells what a file of weights gave.
func (s streams) sayInit(path string, r load.Report) {
	s.sayf("%s: %s, %d tensors; missing: %s; extra: %s", path, r.Source, r.Loaded, names(r.Missing), names(r.Extra))
}

func names(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// Command blastlens trains, packs, measures and runs the network outside the
// browser. Each subcommand is one file. With --json, standard output carries
// machine-readable results and nothing else; all that is for people goes to
// standard error.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/alecthomas/kong"

	"blastlens/model/data"
)

type cli struct {
	Summary summaryCmd `cmd:"" help:"Print the network: stages, shapes, parameters, multiply-adds."`
	Data    struct {
		Check dataCheckCmd `cmd:"" help:"Report on a folder of labelled pictures: labels, sizes, duplicates, what cannot be read."`
		Split dataSplitCmd `cmd:"" help:"Cut a folder of labelled pictures into training and judging parts, as a file."`
		Show  dataShowCmd  `cmd:"" help:"Draw a grid of a folder's pictures."`
	} `cmd:"" help:"Look at the pictures before training on them."`
	LRFind   lrfindCmd   `cmd:"" name:"lrfind" help:"Find a learning rate for the training of the whole network."`
	Train    trainCmd    `cmd:"" help:"Train the network, or its head alone, on a folder of labelled pictures."`
	Adapt    adaptCmd    `cmd:"" help:"Fit a new head of a packed model to a few labelled local pictures."`
	Evaluate evaluateCmd `cmd:"" help:"Measure a model on a folder of labelled pictures."`
	Export   exportCmd   `cmd:"" help:"Write trained weights as ONNX."`
	Pack     packCmd     `cmd:"" help:"Turn ONNX into the one file that the page and classify run."`
	Classify classifyCmd `cmd:"" help:"Classify pictures and folders."`
	Verify   struct {
		Model verifyModelCmd `cmd:"" help:"Check a packed model: hash, structure, self-test."`
	} `cmd:"" help:"Check what ships."`
	Bench struct {
		Picture benchCmd      `cmd:"" default:"withargs" help:"Time a picture through a packed model (default)."`
		Steps   benchStepsCmd `cmd:"" help:"Time each step of a picture."`
		GPU     benchGPUCmd   `cmd:"" name:"gpu" help:"Time a picture, many, and each step on a GPU, beside what it can reach."`
		Train   benchTrainCmd `cmd:"" help:"Time steps of a training."`
	} `cmd:"" help:"Time the network on this machine."`
}

// streams are standard output and standard error.
type streams struct{ out, err io.Writer }

// printJSON writes one indented value to standard output.
func (s streams) printJSON(v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (s streams) sayf(format string, args ...any) { fmt.Fprintf(s.err, format+"\n", args...) }

// errSomeRefused ends a run that did its work but had to leave pictures out.
var errSomeRefused = errors.New("some pictures were refused")

func main() {
	s := streams{out: os.Stdout, err: os.Stderr}
	ctx := kong.Parse(&cli{}, kong.Name("blastlens"), kong.Vars{"embargo": strconv.Itoa(data.Embargo), "many": strconv.Itoa(manyPictures)},
		kong.Description("Blood-smear classification for research and education; not a medical device."))
	switch err := ctx.Run(s); {
	case err == nil:
	case errors.Is(err, errSomeRefused):
		s.sayf("blastlens: %v", err)
		os.Exit(3)
	default:
		s.sayf("blastlens: %v", err)
		os.Exit(1)
	}
}

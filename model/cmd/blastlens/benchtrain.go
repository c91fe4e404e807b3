package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"

	"blastlens/model/net"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/pointwise"
)

type benchTrainCmd struct {
	Head  string `default:"fastai" enum:"fastai,plain" help:"Head to train."`
	Steps int    `default:"8" help:"Steps to time, after one that is not."`
	JSON  bool   `name:"json" help:"Print JSON."`
	pictures
	recipeFlags
	trainDevice
}

// trainTimed is what bench train prints. GFLOPS counts a multiply-add as two and
// a backward pass as two forward ones, and belongs to both passes, as does its
// share of the packed product's peak.
type trainTimed struct {
	Device         string  `json:"device"`
	Threads        int     `json:"threads"`
	Size           int     `json:"size"`
	Batch          int     `json:"batch"`
	Steps          int     `json:"steps"`
	Pictures       float64 `json:"pictures_per_s"`       // forward and backward pass
	StepPictures   float64 `json:"steps_pictures_per_s"` // whole steps
	Waiting        float64 `json:"waiting"`              // share of the steps' time
	GFLOPAPicture  float64 `json:"gflop_a_picture"`
	GFLOPS         float64 `json:"gflops"`
	PeakGFLOPS     float64 `json:"peak_gflops,omitempty"` // of the processor
	ShareOfPeak    float64 `json:"share_of_peak,omitempty"`
	Augmentation   string  `json:"augment"`
	StartOfWeights string  `json:"start"`
}

// Run times steps of a training of the whole network on real pictures.
func (c *benchTrainCmd) Run(s streams) error {
	if c.Steps < 1 {
		return fmt.Errorf("--steps %d, want at least 1", c.Steps)
	}
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
	threads := runtime.GOMAXPROCS(0)
	peak := 0.0
	measure := func() {
		if r.gpu == nil {
			peak = max(peak, pointwise.PeakGFLOPS(threads))
		}
	}
	measure()
	speed, err := r.Bench(ctx, c.Steps)
	if err != nil {
		return err
	}
	// Machines change their pace: the peak is the better of before and after.
	measure()
	t := trainTimed{
		Device: cpu.New(0).Describe(), Threads: threads, Size: c.Size, Batch: r.Recipe.Batch, Steps: c.Steps,
		Pictures: speed.Passes, StepPictures: speed.Steps, Waiting: speed.Waiting,
		PeakGFLOPS: peak, Augmentation: r.Recipe.Augment, StartOfWeights: r.start,
	}
	for _, row := range net.Summarise(head, len(r.set.Classes), c.Size).Stages {
		t.GFLOPAPicture += 3 * 2 * float64(row.MACs) / 1e9
	}
	t.GFLOPS = t.Pictures * t.GFLOPAPicture
	if r.gpu != nil {
		t.Device = r.gpu.Describe()
	} else {
		t.ShareOfPeak = t.GFLOPS / t.PeakGFLOPS
	}
	if c.JSON {
		return s.printJSON(t)
	}
	fmt.Fprintf(s.out, "%s, %d pixels, batch %d, %d steps\n", t.Device, t.Size, t.Batch, t.Steps)
	if r.gpu != nil {
		fmt.Fprintf(s.out, "steps on the adapter  %6.2f pictures/s  %6.1f GFLOP/s\n", t.Pictures, t.GFLOPS)
	} else {
		fmt.Fprintf(s.out, "forward and backward  %6.2f pictures/s  %6.1f GFLOP/s, %.0f %% of the packed product's %.0f\n", t.Pictures, t.GFLOPS, 100*t.ShareOfPeak, t.PeakGFLOPS)
	}
	fmt.Fprintf(s.out, "whole steps           %6.2f pictures/s  %.1f %% of the time waiting for pictures\n", t.StepPictures, 100*t.Waiting)
	return nil
}

package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/plan"
)

type benchCmd struct {
	Model string `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Runs  int    `default:"20" help:"Pictures to time."`
	JSON  bool   `name:"json" help:"Print JSON."`
	deviceFlag
}

// timed is one way of running the network.
type timed struct {
	Way         string  `json:"way"`
	Threads     int     `json:"threads,omitempty"` // 0 on a GPU
	MS          float64 `json:"ms_a_picture"`      // median; for pictures in parallel, wall time / pictures
	GFLOPS      float64 `json:"gflops"`
	PeakGFLOPS  float64 `json:"peak_gflops,omitempty"` // packed product in cache, same threads; none on a GPU
	ShareOfPeak float64 `json:"share_of_peak,omitempty"`
}

// benched is what bench prints.
type benched struct {
	Device  string  `json:"device"`
	GPU     string  `json:"gpu,omitempty"` // its adapter, where it was timed
	Version string  `json:"version"`
	Size    int     `json:"size"`
	GMAC    float64 `json:"gmac"`
	Runs    []timed `json:"runs"`
}

// Run times the network without decoding: a picture on the GPU, then on the
// processor by one thread, by all threads, and a picture for each thread.
func (c *benchCmd) Run(s streams) error {
	if c.Runs < 1 {
		return fmt.Errorf("--runs %d, want at least 1", c.Runs)
	}
	b, err := readVerified(c.Model)
	if err != nil {
		return err
	}
	all := runtime.GOMAXPROCS(0)
	flops := 2 * float64(macs(b.Plan))
	r := benched{Device: cpu.New(0).Describe(), Version: b.Version, Size: b.Preprocess.Size, GMAC: flops / 2e9}
	x := bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size)
	if c.Device.kind != "cpu" {
		if err := c.timeGPU(s, x, flops, &r); err != nil {
			return err
		}
	}
	type processorWay struct {
		name              string
		threads, pictures int
	}
	ways := []processorWay{{"one picture, one thread", 1, 1}, {"one picture, all threads", all, 1}, {"a picture a thread", all, all}}
	if c.Device.kind == "gpu" {
		ways = nil
	}
	for _, way := range ways {
		told := progress(s.err, way.name, c.Runs)
		session, err := cpu.New(way.threads / way.pictures).Prepare(b.Plan)
		if err != nil {
			return err
		}
		var took []float64
		for k := range c.Runs + 1 { // the first one warms up
			start := time.Now()
			var running sync.WaitGroup
			failed := make([]error, way.pictures)
			for i := range failed {
				running.Go(func() { _, failed[i] = session.Run(x) })
			}
			running.Wait()
			err = errors.Join(append(failed, err)...)
			if k > 0 {
				took = append(took, time.Since(start).Seconds()/float64(way.pictures))
				told(k)
			}
		}
		session.Close()
		if err != nil {
			return err
		}
		slices.Sort(took)
		median := took[len(took)/2]
		t := timed{Way: way.name, Threads: way.threads, MS: 1e3 * median, GFLOPS: flops / median / 1e9, PeakGFLOPS: pointwise.PeakGFLOPS(way.threads)}
		t.ShareOfPeak = t.GFLOPS / t.PeakGFLOPS
		r.Runs = append(r.Runs, t)
	}
	if c.JSON {
		return s.printJSON(r)
	}
	fmt.Fprintf(s.out, "%s, model %s, %d pixels, %.3f GMAC\n", r.Device, r.Version, r.Size, r.GMAC)
	if r.GPU != "" {
		fmt.Fprintf(s.out, "GPU: %s\n", r.GPU)
	}
	for _, t := range r.Runs {
		if t.PeakGFLOPS == 0 {
			fmt.Fprintf(s.out, "%-26s %7.2f ms a picture  %6.1f GFLOP/s\n", t.Way, t.MS, t.GFLOPS)
			continue
		}
		fmt.Fprintf(s.out, "%-26s %7.2f ms a picture  %6.1f GFLOP/s  %4.1f %% of the packed product's %.0f\n", t.Way, t.MS, t.GFLOPS, 100*t.ShareOfPeak, t.PeakGFLOPS)
	}
	return nil
}

// timeGPU adds a picture on the GPU, which must pass the self-test; under auto
// its absence is said and no error.
func (c *benchCmd) timeGPU(s streams, x []float32, flops float64, r *benched) error {
	e, _, err := loadModel(c.Model, "", deviceChoice{kind: "gpu", adapter: c.Device.adapter})
	if errors.Is(err, engine.ErrNoDevice) && c.Device.kind == "" {
		s.sayf("no time on a GPU: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer e.Close()
	const way = "one picture, GPU"
	told := progress(s.err, way, c.Runs)
	var took []float64
	for k := range c.Runs { // the self-test warmed up
		answer, err := e.InferInput(x, "")
		if err != nil {
			return err
		}
		r.GPU = answer.Describe
		took = append(took, answer.Run.Seconds())
		told(k + 1)
	}
	slices.Sort(took)
	median := took[len(took)/2]
	r.Runs = append(r.Runs, timed{Way: way, MS: 1e3 * median, GFLOPS: flops / median / 1e9})
	return nil
}

// readVerified reads a packed model, the shipped one if file is "".
func readVerified(file string) (*bundle.Bundle, error) {
	data, m, err := (&classifyCmd{Model: file}).readModel()
	if err != nil {
		return nil, err
	}
	if err := bundle.Verify(bundle.Bytes(data), m); err != nil {
		return nil, err
	}
	return bundle.Read(data)
}

// macs counts the multiply-adds of a plan's convolutions and dense layers.
func macs(p *plan.Plan) int {
	n := 0
	for _, s := range p.Steps {
		n += p.MACs(s)
	}
	return n
}

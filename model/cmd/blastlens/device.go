package main

import (
	"fmt"
	"strings"

	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/device/webgpu"
	"blastlens/wasm/engine"
)

// deviceFlag is --device, of each command that runs the network.
type deviceFlag struct {
	Device deviceChoice `default:"auto" placeholder:"auto" help:"Where to compute: cpu; gpu, a hardware GPU; gpu:NAME, one with NAME in its adapter's name, also a software adapter such as gpu:llvmpipe; auto, a hardware GPU if there is one that passes the self-test, else the processor."`
}

// deviceChoice is a value of --device; the zero value is auto.
type deviceChoice struct {
	kind    string // "", "cpu" or "gpu"
	adapter string // part of its name, or ""
}

// onProcessor is --device cpu.
var onProcessor = deviceChoice{kind: "cpu"}

// UnmarshalText reads auto, cpu, gpu or gpu:NAME.
func (d *deviceChoice) UnmarshalText(text []byte) error {
	kind, adapter, named := strings.Cut(string(text), ":")
	switch {
	case kind == "auto" && !named:
		kind = ""
	case kind == "cpu" && !named, kind == "gpu" && named == (adapter != ""):
	default:
		return fmt.Errorf("%q, want auto, cpu, gpu or gpu:NAME", text)
	}
	*d = deviceChoice{kind, adapter}
	return nil
}

// options are those of an engine: the devices to try, in this order, and the
// processor as a GPU's witness; threads are the processor's for one picture.
func (d deviceChoice) options(threads int) engine.Options {
	processor := engine.Candidate{Title: "CPU", New: func() (device.Device, error) { return cpu.New(threads), nil }}
	var o engine.Options
	if d.kind != "cpu" {
		o.Candidates = append(o.Candidates, engine.Candidate{Title: "GPU", Doubted: true, New: func() (device.Device, error) {
			return webgpu.New(webgpu.Adapter(d.adapter))
		}})
		o.Witnesses = append(o.Witnesses, processor)
	}
	if d.kind != "gpu" {
		o.Candidates = append(o.Candidates, processor)
	}
	return o
}

// ranOn is what JSON says of the device that answered.
type ranOn struct {
	Device string `json:"device,omitempty"`  // "cpu" or "webgpu"
	RunsOn string `json:"runs_on,omitempty"` // the adapter's name, or the processor's kernels
}

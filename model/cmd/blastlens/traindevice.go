package main

import (
	"errors"
	"fmt"

	"blastlens/model/learn"
	"blastlens/model/learn/ongpu"
)

// trainDevice is --device, of each command that trains the whole network.
type trainDevice struct {
	Device    deviceChoice `default:"auto" placeholder:"auto" help:"Where to train: cpu; gpu, a hardware GPU; gpu:NAME, one with NAME in its adapter's name, also a software adapter such as gpu:llvmpipe; auto, a hardware GPU if there is one with enough memory, else the processor."`
	Precision string       `default:"float32" enum:"float32,mixed" help:"On a GPU: store maps in float32, or, mixed, in half precision, which takes about half the memory. Weights and arithmetic are float32."`
}

// open makes the training's device ready for batches of the recipe; nil is the
// processor, of whose memory there must be enough.
func (d trainDevice) open(s streams, n *learn.Network, batch int) (*ongpu.GPU, error) {
	mixed := d.Precision == "mixed"
	if d.Device.kind != "cpu" {
		gpu, err := ongpu.Open(n, ongpu.Options{Adapter: d.Device.adapter, Batch: batch, Mixed: mixed, Shared: freeMemory()})
		switch {
		case err == nil:
			s.sayf("training on %s: %.2f GB planned for batches of %d", gpu.Describe(), float64(gpu.Bytes())/1e9, batch)
			return gpu, nil
		case errors.Is(err, ongpu.ErrMemory) && d.Device.kind == "gpu":
			return nil, fmt.Errorf("--batch %d: %w", batch, err)
		case d.Device.kind == "gpu":
			return nil, fmt.Errorf("--device: %w", err)
		}
		s.sayf("training on the processor: %v", err)
	}
	if mixed {
		return nil, errors.New("--precision mixed is for a GPU: the processor trains in float32")
	}
	if err := fits(n.Architecture, batch); err != nil {
		return nil, err
	}
	s.sayf("training on cpu: about %.2f GB for batches of %d", float64(learn.Memory(n.Architecture, batch))/1e9, batch)
	return nil, nil
}

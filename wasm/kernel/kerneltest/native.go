//go:build (linux || darwin || windows) && (amd64 || arm64)

package kerneltest

import (
	"fmt"
	"sync"

	"blastlens/wasm/kernel/gpu"
	"blastlens/wasm/kernel/wgsl"
)

// Lavapipe is in the name of the adapter that the native tests want.
const Lavapipe = "llvmpipe"

var lavapipe = sync.OnceValues(func() (*gpu.Device, error) { return gpu.Open(Lavapipe) })

func natively(j *job) ([]float32, error) {
	d, err := lavapipe()
	if err != nil {
		return nil, fmt.Errorf("%w (build/setup.sh installs it)", err)
	}
	p := d.NewProgram()
	defer p.Close()
	buffers := map[wgsl.Role]gpu.Buffer{}
	for role, values := range j.arrays {
		if buffers[role], err = p.Buffer(string(role), len(values)); err != nil {
			return nil, err
		}
		if err := p.Write(buffers[role], values); err != nil {
			return nil, err
		}
	}
	for _, k := range j.kernels {
		var bound []gpu.Buffer
		for _, role := range k.Bindings {
			bound = append(bound, buffers[role])
		}
		if err := p.Add(k, bound); err != nil {
			return nil, err
		}
	}
	for _, role := range j.outputs {
		p.Output(buffers[role], len(j.arrays[role]))
	}
	first := j.outputs[0]
	return p.Run(buffers[first], j.arrays[first])
}

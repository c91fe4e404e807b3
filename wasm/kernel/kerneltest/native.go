//go:build (linux || darwin || windows) && (amd64 || arm64)

package kerneltest

import (
	"fmt"
	"math"
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
	upload := func(role wgsl.Role, values []float32) error {
		if buffers[role], err = p.Buffer(string(role), len(values)); err != nil {
			return err
		}
		return p.Write(buffers[role], values)
	}
	unwritten := func(n int) []float32 { // what a kernel does not write must be seen
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(math.NaN())
		}
		return values
	}
	for role, values := range j.inputs {
		if err := upload(role, values); err != nil {
			return nil, err
		}
	}
	if err := upload(wgsl.Y, unwritten(j.out)); err != nil {
		return nil, err
	}
	if j.scratch > 0 {
		if err := upload(wgsl.Scratch, unwritten(j.scratch)); err != nil {
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
	p.Output(buffers[wgsl.Y], j.out)
	return p.Run(buffers[wgsl.X], j.inputs[wgsl.X])
}

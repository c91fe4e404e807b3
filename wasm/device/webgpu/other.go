//go:build !js && !((linux || darwin || windows) && (amd64 || arm64))

package webgpu

import (
	"fmt"
	"runtime"

	"blastlens/wasm/device"
)

// New always fails here: the WebGPU in Go does not know this machine.
func New(...Option) (device.Device, error) {
	return nil, fmt.Errorf("webgpu: %w: no GPU on %s/%s", device.ErrUnavailable, runtime.GOOS, runtime.GOARCH)
}

//go:build !js

package webgpu

import (
	"fmt"
	"runtime"

	"blastlens/wasm/device"
)

// New always fails here: WebGPU is reached through a browser.
func New(...Option) (device.Device, error) {
	return nil, fmt.Errorf("webgpu: %w: %s has no browser", device.ErrUnavailable, runtime.GOOS)
}

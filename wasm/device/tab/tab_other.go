//go:build !js

package tab

import (
	"fmt"
	"runtime"

	"blastlens/wasm/device"
)

// New always fails here: the kernels run in a browser.
func New() (device.Device, error) {
	return nil, fmt.Errorf("tab: %w: %s has no browser", device.ErrUnavailable, runtime.GOOS)
}

// NewAlone fails as New does.
func NewAlone() (device.Device, error) { return New() }

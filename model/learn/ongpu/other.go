//go:build !((linux || darwin || windows) && (amd64 || arm64))

package ongpu

import (
	"errors"
	"fmt"
	"runtime"

	"blastlens/model/learn"
)

// ErrLost is never seen here.
var ErrLost = errors.New("device lost")

// GPU is a learn.Device that there is none of here.
type GPU struct{ learn.Device }

// Open always fails here: the WebGPU in Go does not know this machine.
func Open(*learn.Network, Options) (*GPU, error) {
	return nil, fmt.Errorf("ongpu: no GPU on %s/%s", runtime.GOOS, runtime.GOARCH)
}

// Bytes is what was planned.
func (g *GPU) Bytes() int64 { return 0 }

// Close frees the adapter.
func (g *GPU) Close() {}

//go:build (linux || darwin || windows) && (amd64 || arm64)

// Package gpu runs the operations' WGSL on this machine's GPU, natively: through
// Vulkan, on macOS through Metal, with a WebGPU and a WGSL compiler in Go. In a
// tab the browser does this, and nothing of this package is there.
package gpu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"
)

// ErrNone is wrapped by Open where there is no adapter that it may take.
var ErrNone = errors.New("no GPU")

// ErrLost is wrapped by whatever is asked of a device that was lost: reset,
// destroyed, or silent for so long that it is given up. Open may be tried again.
var ErrLost = errors.New("device lost")

// patience is how long the GPU may take for what it is asked.
const patience = 30 * time.Second

// Device is an opened GPU. Its methods may be called from several goroutines.
type Device struct {
	instance *wgpu.Instance
	device   *wgpu.Device
	queue    queue
	describe string
	software bool
	patience time.Duration

	mu   sync.Mutex
	lost error // why, once it is
}

// queue is what Run needs of wgpu.Queue; a test gives one that never answers.
type queue interface {
	WriteBuffer(b *wgpu.Buffer, offset uint64, data []byte) error
	Submit(commands ...*wgpu.CommandBuffer) (submission uint64, err error)
	Poll() (completed uint64)
}

// The library says by its log, among others, that a buffer was let go by the
// garbage collector; what matters to the caller comes back as an error.
func init() { wgpu.SetLogger(slog.New(slog.NewTextHandler(io.Discard, nil))) }

// Open takes the first hardware adapter where name is empty. Otherwise it takes
// an adapter whose name has name in it, in whatever case: the only way to a
// software adapter, on which the processor itself is the faster.
func Open(name string) (*Device, error) {
	instance, err := wgpu.CreateInstance(&wgpu.InstanceDescriptor{Backends: wgpu.BackendsPrimary})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	d, err := open(instance, name)
	if err != nil {
		instance.Release()
		return nil, err
	}
	return d, nil
}

func open(instance *wgpu.Instance, name string) (*Device, error) {
	// There is no list of adapters, but these requests name the likely ones.
	var seen []string
	for _, request := range []wgpu.RequestAdapterOptions{
		{PowerPreference: wgpu.PowerPreferenceHighPerformance},
		{PowerPreference: wgpu.PowerPreferenceLowPower},
		{ForceFallbackAdapter: true},
	} {
		adapter, err := instance.RequestAdapter(&request)
		if err != nil {
			continue
		}
		info := adapter.Info()
		reason := refuse(info, name)
		if reason != "" {
			if reason = describe(info) + ": " + reason; len(seen) == 0 || seen[len(seen)-1] != reason {
				seen = append(seen, reason)
			}
			continue
		}
		device, err := adapter.RequestDevice(nil) // with all that the adapter can do
		if err != nil {
			return nil, fmt.Errorf("%w: opening %s: %w", ErrNone, describe(info), err)
		}
		return &Device{instance: instance, device: device, queue: device.Queue(), describe: describe(info), software: software(info), patience: patience}, nil
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("%w: no adapter; is a driver (%s) installed?", ErrNone, driver)
	}
	return nil, fmt.Errorf("%w: %s", ErrNone, strings.Join(seen, "; "))
}

// refuse says why an adapter is not taken, or "".
func refuse(info gputypes.AdapterInfo, name string) string {
	switch {
	case info.Backend == gputypes.BackendEmpty:
		return "an interpreter with wrong atomics" // the library's own, silent stand-in for a missing driver
	case name == "" && software(info):
		return "slower than the processor itself, to be used it must be named"
	case !strings.Contains(strings.ToLower(info.Name), strings.ToLower(name)):
		return fmt.Sprintf("its name does not have %q", name)
	}
	return ""
}

// software tells whether an adapter computes on the processor.
func software(info gputypes.AdapterInfo) bool {
	name := strings.ToLower(info.Name)
	for _, known := range []string{"llvmpipe", "lavapipe", "swiftshader", "basic render"} {
		if strings.Contains(name, known) {
			return true
		}
	}
	return info.DeviceType == gputypes.DeviceTypeCPU
}

func describe(info gputypes.AdapterInfo) string {
	s := fmt.Sprintf("%s, %s", info.Name, info.Backend)
	if software(info) {
		s += " (software adapter)"
	}
	return s
}

// Describe is the adapter's name, the interface to it, and whether it is software.
func (d *Device) Describe() string { return d.describe }

// Software reports whether the adapter computes on the processor.
func (d *Device) Software() bool { return d.software }

// MaxBuffer is the bytes that one binding of a storage buffer may have.
func (d *Device) MaxBuffer() int {
	l := d.device.Limits()
	return int(min(l.MaxStorageBufferBindingSize, l.MaxBufferSize, 1<<40))
}

// Close frees the device. What was made of it is not to be used any more.
func (d *Device) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost != nil {
		return // freeing waits for the GPU, which may never answer
	}
	d.lost = fmt.Errorf("%w: it was closed", ErrLost)
	d.device.Release()
	d.instance.Release()
}

// within does work that the driver may never come back from; then the device is
// lost, and work is left behind. The caller holds mu.
func (d *Device) within(what string, work func(context.Context) error) error {
	if d.lost != nil {
		return d.lost
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("%w: %v", ErrLost, v)
			}
		}()
		done <- work(ctx)
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(d.patience + d.patience/10): // work itself looks at ctx
		err = context.DeadlineExceeded
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w: %s gave no answer in %v while %s", ErrLost, d.describe, d.patience, what)
	case gone(err):
		err = fmt.Errorf("%w: %s while %s: %w", ErrLost, d.describe, what, err)
	default:
		err = fmt.Errorf("%s: %w", what, err)
	}
	if errors.Is(err, ErrLost) {
		d.lost = err
	}
	return err
}

// gone tells whether an error means that the device cannot be used any more.
func gone(err error) bool {
	return errors.Is(err, wgpu.ErrDeviceLost) || errors.Is(err, wgpu.ErrMapDeviceLost) || errors.Is(err, wgpu.ErrReleased)
}

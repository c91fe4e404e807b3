//go:build !js

// Package browser drives a headless Chromium for tests, benchmarks and
// pictures of the page. Product code does not import it.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// ErrNotFound is wrapped by Start where no Chromium is installed.
var ErrNotFound = errors.New("browser: no Chromium found")

// Options of Start; the zero value is a headless window of 1280 x 800 pixels
// without a GPU.
type Options struct {
	Path          string         // the executable; "" looks for chromium, chromium-browser, google-chrome
	SoftwareGPU   bool           // WebGPU on SwiftShader, which computes on the CPU
	Width, Height int            // of the window, in CSS pixels
	Flags         map[string]any // further switches without "--": a bool, or a string value
	// StartTimeout is how long the browser may take to answer; 0 is two
	// minutes, since a loaded machine is slow to start it.
	StartTimeout time.Duration
}

// Browser is a running Chromium with a profile of its own, which Close removes.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// Find is the path of an installed Chromium, or an error that wraps
// ErrNotFound and says how to install one.
func Find() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w (looked for %v on PATH): install Debian's package chromium", ErrNotFound, names)
}

// Start launches Chromium. Cancelling ctx kills it, as Close does.
func Start(ctx context.Context, o Options) (*Browser, error) {
	if o.Path == "" {
		path, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = path
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 800
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 2 * time.Minute
	}
	// The allocator makes a profile folder below the temporary one, removes it
	// at the end and kills only processes that were started with it.
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(o.Path),
		chromedp.WindowSize(o.Width, o.Height),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	if o.SoftwareGPU {
		opts = append(opts,
			chromedp.Flag("enable-unsafe-webgpu", true),
			chromedp.Flag("use-webgpu-adapter", "swiftshader"),
		)
	}
	for name, value := range o.Flags {
		opts = append(opts, chromedp.Flag(name, value))
	}
	allocator, release := chromedp.NewExecAllocator(ctx, opts...)
	tab, closeTab := chromedp.NewContext(allocator)
	b := &Browser{ctx: tab, cancel: func() { closeTab(); release() }}
	late := time.AfterFunc(o.StartTimeout, closeTab)
	err := chromedp.Do(tab)
	if !late.Stop() && err == nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		b.cancel()
		return nil, fmt.Errorf("browser: starting %s: %w", o.Path, err)
	}
	return b, nil
}

// Close ends the browser and waits until its processes and its profile are gone.
func (b *Browser) Close() error {
	ctx, stop := context.WithTimeout(b.ctx, 20*time.Second)
	defer stop()
	err := chromedp.Cancel(ctx) // politely; what is left is killed below
	b.cancel()
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("browser: closing: %w", err)
	}
	return nil
}

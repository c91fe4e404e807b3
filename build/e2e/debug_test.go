package e2e

import (
	"context"
	"testing"
	"time"

	"blastlens/build/browser"
)

// With ?debug the page shows each step of the plan, and still answers as always.
func TestDebug(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	files := drawSmears(t, dir, 1)
	want := classify(t, ctx, build(t, "./model/cmd/blastlens"), append(files, write(t, dir, "empty.jpg", nil)))
	address, stop := serve(t, ctx, build(t, "./server"))
	defer stop()
	chromium, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()
	for device, steps := range map[string]int{"tab": 100, "cpu": 100, "webgpu": 0} {
		t.Run(device, func(t *testing.T) {
			tab, err := chromium.NewTab()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			open(t, ctx, tab, address+"/?debug&device="+device)
			wait(t, ctx, tab, `document.querySelector('[data-testid=profile]')?.dataset.done === 'true'`)
			var rows [][]string
			if err := tab.Eval(ctx, `[...document.querySelectorAll('[data-testid=profile] tbody tr')].map(r => [...r.children].map(c => c.textContent))`, &rows); err != nil {
				t.Fatal(err)
			}
			if len(rows) < steps || (steps == 0) != (len(rows) == 0) {
				t.Errorf("%d steps in the table, want at least %d", len(rows), steps)
			}
			if len(rows) > 0 {
				t.Log(rows[0])
			}
			drop(t, ctx, tab, files, want, device)
		})
	}
}

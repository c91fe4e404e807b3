package e2e

import (
	"context"
	"strconv"
	"strings"
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
	for device, summary := range map[string]string{"tab": "", "cpu": "", "webgpu": "dispatches of"} {
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
			if len(rows) < 100 {
				t.Errorf("%d steps in the table, want those of the network", len(rows))
			}
			total := 0.0
			for _, row := range rows {
				ms, err := strconv.ParseFloat(row[3], 64)
				if err != nil {
					t.Errorf("%v: %v", row, err)
				}
				total += ms
			}
			var said string
			if err := tab.Eval(ctx, `document.querySelector('[data-testid=profile]').textContent`, &said); err != nil {
				t.Fatal(err)
			}
			if total <= 0 || !strings.Contains(said, summary) || !strings.Contains(said, "passed its self-test") && !strings.Contains(said, "passed their self-test") {
				t.Errorf("all steps take %v ms; the page says %q", total, said)
			}
			drop(t, ctx, tab, files, want, device)
		})
	}
}

package e2e

import (
	"context"
	"math"
	"regexp"
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
	kernel := regexp.MustCompile(`^(\w+ .+ in \d+x\d+x\d+(; )?)+$`)
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
			if err := tab.Eval(ctx, `[...document.querySelectorAll('[data-testid=steps] tbody tr')].map(r => [...r.children].map(c => c.textContent))`, &rows); err != nil {
				t.Fatal(err)
			}
			if len(rows) < 100 {
				t.Errorf("%d steps in the table, want those of the network", len(rows))
			}
			ms := func(row []string) float64 { // ms, share, its bar and GFLOP/s end a row
				v, err := strconv.ParseFloat(row[len(row)-4], 64)
				if err != nil {
					t.Errorf("%v: %v", row, err)
				}
				return v
			}
			total, summed := 0.0, 0.0
			for _, row := range rows {
				total += ms(row)
				if gpu := device == "webgpu"; gpu != (len(row) == 8) || gpu && !kernel.MatchString(row[3]) {
					t.Errorf("%q: want a GPU's kernels with their workgroups, and only a GPU's", row)
				}
			}
			var operations [][]string
			if err := tab.Eval(ctx, `[...document.querySelectorAll('[data-testid=operations] tbody tr')].map(r => [...r.children].map(c => c.textContent))`, &operations); err != nil {
				t.Fatal(err)
			}
			for _, row := range operations {
				summed += ms(row)
			}
			if rounded := .0005 * float64(len(rows)+len(operations)); math.Abs(summed-total) > rounded {
				t.Errorf("the operations take %v ms, the steps %v", summed, total)
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

package e2e

import (
	"context"
	"fmt"
	"testing"

	"blastlens/build/browser"
)

// BenchmarkTab measures the network in the tab, on each device: milliseconds
// of the quickest and the median picture, first run excluded.
func BenchmarkTab(b *testing.B) {
	server := build(b, "./server")
	for _, device := range []string{"tab", "cpu", "cpu&scalar", "webgpu"} {
		b.Run(device, func(b *testing.B) {
			ctx := context.WithoutCancel(b.Context()) // the server is stopped after the benchmark
			address, _ := serve(b, ctx, server)
			chromium, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
			if err != nil {
				b.Fatal(err)
			}
			defer chromium.Close()
			tab, err := chromium.NewTab()
			if err != nil {
				b.Fatal(err)
			}
			open(b, ctx, tab, address+"/?device="+device)
			files := drawSmears(b, b.TempDir(), 3)
			if err := tab.SetFiles(ctx, "input[type=file]", files...); err != nil {
				b.Fatal(err)
			}
			wait(b, ctx, tab, fmt.Sprintf(`%s.filter(c => c.state === 'done').length === %d`, cards, len(files)))
			var ms []float64
			if err := tab.Eval(ctx, `[...document.querySelectorAll('[data-testid=card]')].map(e => +e.dataset.ms).reverse().slice(1).sort((a, b) => a - b)`, &ms); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(ms[0], "ms-min/picture")
			b.ReportMetric(ms[len(ms)/2], "ms-median/picture")
			b.ReportMetric(0, "ns/op") // the page's own clock counts, not the test's
		})
	}
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
)

// A folder: each picture gets the answer that it gets alone, whether a reader
// decodes beside the engine, dies in the middle, or never comes up; it can be
// stopped, and read on; and the page stays alive meanwhile.
func TestFolder(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	dir := t.TempDir()
	files := append(drawSmears(t, dir, 10)[:40], write(t, dir, "letter.jpg", []byte("Dear colleague")))
	want := classify(t, ctx, build(t, "./model/cmd/blastlens"), files)
	address, stop := serve(t, ctx, build(t, "./server"))
	defer stop()
	chromium, err := browser.Start(ctx, browser.Options{Width: 1200, Height: 900})
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()

	// said counts what a reader posts; the first is that it is up.
	reader := func(script string) string {
		return twoCores + `if (self.name === "reader") {
	const post = self.postMessage.bind(self);
	let said = 0;
	self.postMessage = (...message) => { said++; ` + script + ` };
}`
	}
	tests := []struct {
		name   string
		lesser lesser
	}{
		{"a reader decodes", lesser{engine: twoCores}},
		{"one core, no reader", lesser{engine: `Object.defineProperty(navigator, "hardwareConcurrency", { value: 1 });`}},
		{"a reader that dies", lesser{engine: reader(`if (said < 4) post(...message); else setTimeout(() => { throw new Error("not in this test"); });`)}},
		{"a reader that never comes up", lesser{engine: reader(``)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab, err := chromium.NewTab()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			open(t, ctx, tab, tt.lesser.host(t, address)+"/?device=tab")
			if err := tab.Eval(ctx, `(() => {
				let before = performance.now();
				window.gap = 0;
				requestAnimationFrame(function frame(now) { window.gap = Math.max(window.gap, now - before); before = now; requestAnimationFrame(frame); });
			})()`, nil); err != nil {
				t.Fatal(err)
			}
			drop(t, ctx, tab, files, want, "tab")
			var gap float64
			if err := tab.Eval(ctx, `window.gap`, &gap); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d pictures, longest gap between frames %.0f ms", len(files), gap)
			if gap > 2000 { // 100 ms are wanted; a loaded machine may take longer
				t.Errorf("the page stood still for %.0f ms", gap)
			}
		})
	}

	t.Run("a folder that is dropped", func(t *testing.T) {
		folder := t.TempDir()
		inner := filepath.Join(folder, "case 7", "slide b")
		if err := os.MkdirAll(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		const many = 40
		for i := range many {
			data, err := os.ReadFile(files[i%4])
			if err != nil {
				t.Fatal(err)
			}
			write(t, inner, fmt.Sprintf("field %02d.jpg", i), data)
		}
		write(t, folder, filepath.Join("case 7", ".hidden"), []byte("no picture"))
		write(t, folder, filepath.Join("case 7", "letter.jpg"), []byte("Dear colleague"))
		tab, err := chromium.NewTab()
		if err != nil {
			t.Fatal(err)
		}
		defer tab.Close()
		open(t, ctx, tab, address+"/?device=tab")
		if err := tab.Drop(ctx, 300, 300, filepath.Join(folder, "case 7")); err != nil {
			t.Fatal(err)
		}
		wait(t, ctx, tab, fmt.Sprintf(`%s.filter(c => c.state === 'done').length === %d`, cards, many))
		var shown []card
		if err := tab.Eval(ctx, cards, &shown); err != nil {
			t.Fatal(err)
		}
		if len(shown) != many+1 {
			t.Errorf("%d cards, want %d and the letter", len(shown), many)
		}
		if last := shown[len(shown)-1]; last.Name != "case 7/letter.jpg" { // by name, the newest first
			t.Errorf("the last card is %s, want case 7/letter.jpg", last.Name)
		}
		for _, c := range shown {
			if c.State != "done" && c.Name != "case 7/letter.jpg" {
				t.Errorf("%s: %s", c.Name, c.State)
			}
		}
		screenshot(t, ctx, tab, "folder-dropped")
	})

	t.Run("stop and go on", func(t *testing.T) {
		tab, err := chromium.NewTab()
		if err != nil {
			t.Fatal(err)
		}
		defer tab.Close()
		open(t, ctx, tab, address+"/?device=cpu") // slow enough to be stopped
		if err := tab.SetFiles(ctx, "input[type=file]", files...); err != nil {
			t.Fatal(err)
		}
		const answered = cards + `.filter(c => c.state === 'done' || c.state === 'refused').length`
		wait(t, ctx, tab, answered+` >= 5`)
		screenshot(t, ctx, tab, "folder-running")
		if err := tab.Click(ctx, "[data-testid=folder] button"); err != nil {
			t.Fatal(err)
		}
		wait(t, ctx, tab, cards+`.every(c => c.state !== 'waiting')`)
		time.Sleep(time.Second) // for what the engine held
		screenshot(t, ctx, tab, "folder-stopped")
		var done int
		var line string
		if err := tab.Eval(ctx, answered, &done); err != nil {
			t.Fatal(err)
		}
		if err := tab.Eval(ctx, `document.querySelector('[data-testid=folder]').innerText`, &line); err != nil {
			t.Fatal(err)
		}
		if left := len(files) - done; left < 5 || !strings.Contains(line, fmt.Sprintf("%d pictures were not read", left)) {
			t.Errorf("%d of %d pictures were answered, and the page says %q", done, len(files), line)
		}
		if err := tab.Click(ctx, "[data-testid=folder] button"); err != nil {
			t.Fatal(err)
		}
		wait(t, ctx, tab, fmt.Sprintf(`%s === %d`, answered, len(files)))
		for _, e := range tab.Exceptions() {
			t.Errorf("uncaught: %s", e)
		}
	})
}

package ui

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// inline is what the content security policy would block.
var inline = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+="|<script[^>]*>[^<]`)

// shown renders a page in a test engine and returns its HTML.
func shown(t *testing.T, page app.Composer) string {
	t.Helper()
	engine := app.NewTestEngine()
	if err := engine.Load(page); err != nil {
		t.Fatal(err)
	}
	engine.ConsumeAll()
	html := app.HTMLString(page)
	if found := inline.FindString(html); found != "" {
		t.Errorf("the policy would block %q in\n%s", found, html)
	}
	return html
}

func contain(t *testing.T, html string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q:\n%s", want, html)
		}
	}
}

func TestHome(t *testing.T) {
	s := running(t)
	c := &client{session: s, redraw: func() {}}
	s.add("read.jpg", "blob:1", own, nil)
	s.add("field.jpg", "blob:2", foreign, nil)
	s.add("drawing.jpg", "blob:3", drawing, nil)
	s.add("letter.jpg", "blob:4", own, nil)
	s.add("next.jpg", "blob:5", own, nil)
	sure := wire.Answer{Head: "smear", Logits: []float32{-2.5, 3}, Probabilities: []float32{.004, .996}, Class: 1, Statement: "Morphology suggestive of Pro-B ALL", Device: "cpu", Describe: "WASM SIMD, 1 thread: one core", MS: 41, RunMS: 30, Width: 224, Height: 224, Version: "v1", Notes: []string{"turned upright"}}
	tell(t, s, wire.Event{Kind: wire.Result, ID: 1, Answer: &sure})
	tell(t, s, wire.Event{Kind: wire.Result, ID: 2, Answer: &sure})
	tell(t, s, wire.Event{Kind: wire.Result, ID: 3, Answer: &wire.Answer{Head: "drawn", Demonstration: true, Probabilities: []float32{.6, .4}}})
	tell(t, s, wire.Event{Kind: wire.Refused, ID: 4, Reason: "letter.jpg is not a picture"})

	html := shown(t, &home{client: c})
	contain(t, html,
		"Not a medical device", "nothing leaves the device", `data-testid="engine"`, "WebGPU: no adapter", "The model is not kept",
		`data-state="done"`, `data-state="refused"`, `data-state="waiting"`, `data-device="cpu"`, `data-name="read.jpg"`,
		"Morphology suggestive of Pro-B ALL", "&gt; 99 %", "&lt; 1 %", "60 %", "Turned upright", "cpu, WASM SIMD, 1 thread · 41 ms", "model v1",
		"Letter.jpg is not a picture", "Demonstration, drawn pictures", "Not what this model reads",
		"Benign (hematogones)", "cleft", "immunophenotyping", `type="file"`, "multiple",
	)
	if !regexp.MustCompile(`data-ready[ >]`).MatchString(html) { // go-app encodes "true" as a bare attribute, in any order
		t.Errorf("the engine is not marked ready:\n%s", html)
	}
	var card string
	for _, article := range strings.Split(html, "<article")[1:] {
		if strings.Contains(article, `data-name="read.jpg"`) {
			card = article
		}
	}
	if picture, number := strings.Index(card, "blob:1"), strings.Index(card, "&gt; 99 %"); picture < 0 || number < picture {
		t.Errorf("the picture must come before the number: %d, %d", picture, number)
	}
	if logits := regexp.MustCompile(`data-logits="([^"]*)"`).FindStringSubmatch(card); logits == nil || logits[1] != "[-2.5,3]" {
		t.Errorf("logits on the card: %v", logits)
	}
}

func TestEngineLine(t *testing.T) {
	s := newSession()
	c := &client{session: s, redraw: func() {}}
	tell(t, s, wire.Event{Kind: wire.Progress, Stage: wire.StageDownload, Done: 3_000_000, Total: 12_000_000})
	contain(t, shown(t, &home{client: c}), "Fetching the model: 3.0 of 12.0 MB", `max="12000000"`, `value="3000000"`, `data-ready="false"`)
	s.add("answered.jpg", "", own, nil)
	s.find(1).State, s.find(1).Answer = done, &wire.Answer{Statement: "Morphology suggestive of what was read before"}
	s.fail("The engine stopped: out of memory")
	contain(t, shown(t, &home{client: c}), "out of memory", "Start the engine again", "what was read before")
	s.Update = true
	contain(t, shown(t, &home{client: c}), "A newer version is ready", "Use it now")
}

func TestProfileTable(t *testing.T) {
	s := running(t)
	if s.profileDue() {
		t.Error("a profile is due though nobody asked for it")
	}
	s.Debug = true
	if !s.profileDue() || s.profileDue() {
		t.Error("a profile is due once")
	}
	page := func() app.Composer { return &home{client: &client{session: s, redraw: func() {}}} }
	contain(t, shown(t, page()), "Timing the steps", "WebGPU: no adapter")
	tell(t, s, wire.Event{Kind: wire.Profiled, Steps: []wire.Step{{Name: "conv_stem", Op: "stem", Shape: "224x224x3-40", MS: 1.25, GFLOPS: 21.68}}})
	contain(t, shown(t, page()), "1 steps, 1.25 ms", "conv_stem", "224x224x3-40", "1.250", "21.7", "100.0")
	s.Engine.Why = "WebGPU: no adapter; CPU passed its self-test (SIMD; 2 threads; exact); and (that is all"
	contain(t, shown(t, page()), "<li>WebGPU: no adapter</li>", "<li>CPU passed its self-test (SIMD; 2 threads; exact)</li>", "<li>And (that is all</li>")
	tell(t, s, wire.Event{Kind: wire.Profiled, Steps: []wire.Step{
		{Name: "conv_stem", Op: "stem", MS: 1, GFLOPS: 8, Kernels: "stem 224x224x40 silu in 4x7x1"},
		{Name: "blocks.0.0.conv_pw", Op: "pointwise", MS: 1, GFLOPS: 2}, {Name: "blocks.0.1.conv_pw", Op: "pointwise", MS: 2, GFLOPS: 5},
	}})
	html := shown(t, page())
	contain(t, html, "Kernels, in workgroups", "stem 224x224x40 silu in 4x7x1", "75.0", "4.0")
	if first, second := strings.Index(html, ">pointwise<"), strings.Index(html, ">stem<"); first < 0 || first > second {
		t.Errorf("pointwise at %d, stem at %d: want the slowest operation first", first, second)
	}
	tell(t, s, wire.Event{Kind: wire.Profiled, Reason: "this device times no steps"})
	contain(t, shown(t, page()), "This device times no steps")
	s.restart("cpu")
	if s.profileDue() {
		t.Error("a profile is due while the engine loads")
	}
}

func TestAbout(t *testing.T) {
	c := &client{session: running(t), redraw: func() {}}
	contain(t, shown(t, &about{client: c}),
		"Trained on 10 pictures", "contiguous", "50.0 %", "25.0 %", "Colour alone", "demonstration head", "cannot be read", "not calibrated", "Not a medical device")
}

func TestDrawnTitle(t *testing.T) {
	if got := drawnTitle("/samples/drawn-early-2.jpg"); got != "drawn early 2" {
		t.Errorf("drawnTitle: %q", got)
	}
}

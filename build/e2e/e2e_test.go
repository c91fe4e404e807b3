// Package e2e tests the whole line as a clinic would use it: the server hosts
// the page, a real Chromium opens it, pictures are dropped, the tab answers,
// and goes on answering when the server is gone.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blastlens/build/browser"
)

// tolerance between tab and native logits, relative to the largest absolute logit.
const tolerance = 2e-3

// native is a line of `blastlens classify --json`.
type native struct {
	File    string    `json:"file"`
	Class   string    `json:"class"`
	Logits  []float64 `json:"logits"`
	Refused bool      `json:"refused"`
	Reason  string    `json:"reason"`
}

// card is what the page shows of one picture.
type card struct {
	Name   string    `json:"name"`
	State  string    `json:"state"` // done, refused
	Device string    `json:"device"`
	Logits []float64 `json:"logits"`
	Text   string    `json:"text"`
}

// cards collects the page's cards; it is evaluated in the tab.
const cards = `[...document.querySelectorAll('[data-testid=card]')].map(e => ({
	name: e.dataset.name, state: e.dataset.state, device: e.dataset.device || '',
	logits: JSON.parse(e.dataset.logits || '[]'), text: e.innerText}))`

func TestPageOnlineAndOffline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	dir := t.TempDir()
	good := drawSmears(t, dir, 3)
	bad := badPictures(t, dir)
	want := classify(t, ctx, build(t, "./model/cmd/blastlens"), append(good, bad...))
	server := build(t, "./server")

	for _, device := range []string{"cpu", "tab", "webgpu"} {
		t.Run(device, func(t *testing.T) {
			address, stop := serve(t, ctx, server)
			chromium, err := browser.Start(ctx, browser.Options{SoftwareGPU: true, Width: 1200, Height: 900})
			if err != nil {
				t.Fatal(err)
			}
			defer chromium.Close()
			tab, err := chromium.NewTab()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if t.Failed() {
					t.Logf("the tab's log:\n%s", tab.Log())
				}
			}()

			open(t, ctx, tab, address+"/?device="+device)
			drop(t, ctx, tab, append(good, bad...), want, device)
			screenshot(t, ctx, tab, device+"-online")
			wait(t, ctx, tab, `navigator.serviceWorker.ready.then(r => !!r.active)`)

			stop()
			if _, err := http.Get(address + "/healthz"); err == nil {
				t.Fatal("the server still answers: what follows would prove nothing")
			}
			open(t, ctx, tab, address+"/?device="+device)
			drop(t, ctx, tab, good, want, device)
			screenshot(t, ctx, tab, device+"-offline")
			if err := tab.Navigate(ctx, address+"/about?whatever=1"); err != nil {
				t.Fatalf("offline, another route: %v", err)
			}
			wait(t, ctx, tab, `document.body.innerText.includes('not a medical device') || document.body.innerText.includes('Not a medical device')`)

			for _, v := range tab.Violations() {
				t.Errorf("content security policy: %s", v)
			}
			for _, e := range tab.Exceptions() {
				t.Errorf("uncaught: %s", e)
			}
		})
	}
}

// open loads the page and waits for its engine.
func open(t testing.TB, ctx context.Context, tab *browser.Tab, url string) {
	t.Helper()
	if err := tab.Navigate(ctx, url); err != nil {
		t.Fatal(err)
	}
	wait(t, ctx, tab, `document.querySelector('[data-testid=engine]')?.dataset.ready === 'true'`)
}

func wait(t testing.TB, ctx context.Context, tab *browser.Tab, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := tab.WaitFor(ctx, expression); err != nil {
		var text string
		_ = tab.Eval(context.WithoutCancel(ctx), "document.body.innerText", &text)
		t.Fatalf("%v\nthe page says:\n%s", err, text)
	}
}

// drop gives pictures to the page and holds each card against native classify.
func drop(t *testing.T, ctx context.Context, tab *browser.Tab, files []string, want map[string]native, device string) {
	t.Helper()
	if err := tab.SetFiles(ctx, "input[type=file]", files...); err != nil {
		t.Fatal(err)
	}
	wait(t, ctx, tab, fmt.Sprintf(`%s.filter(c => c.state === 'done' || c.state === 'refused').length === %d`, cards, len(files)))
	var shown []card
	if err := tab.Eval(ctx, cards, &shown); err != nil {
		t.Fatal(err)
	}
	byName := map[string]card{}
	for _, c := range shown {
		byName[c.Name] = c
	}
	worst := 0.0
	for _, file := range files {
		name := filepath.Base(file)
		c, ok := byName[name]
		n := want[name]
		switch {
		case !ok:
			t.Errorf("%s: no card; cards are %v", name, shown)
		case n.Refused:
			if c.State != "refused" || !strings.Contains(c.Text, name) || len(c.Text) < len(name)+20 {
				t.Errorf("%s: native refuses (%s), the page shows %s %q", name, n.Reason, c.State, c.Text)
			}
		case c.State != "done":
			t.Errorf("%s: the page shows %s: %q", name, c.State, c.Text)
		case c.Device != device:
			t.Errorf("%s: answered by %q, want %q", name, c.Device, device)
		case !strings.Contains(c.Text, "suggestive of"):
			t.Errorf("%s: no statement on the card: %q", name, c.Text)
		default:
			worst = max(worst, compare(t, name, c.Logits, n.Logits))
		}
	}
	t.Logf("%s: %d cards, logits within %.1e of native", device, len(files), worst)
}

func compare(t *testing.T, name string, got, want []float64) float64 {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%s: logits %v, native %v", name, got, want)
		return 0
	}
	top, diff := 0.0, 0.0
	for i := range want {
		top = max(top, math.Abs(want[i]))
		diff = max(diff, math.Abs(got[i]-want[i]))
	}
	if !(diff <= tolerance*top) {
		t.Errorf("%s: logits %v, native %v: off by %.2g of the largest", name, got, want, diff/top)
	}
	return diff / top
}

// build compiles a main package and returns the binary's path.
func build(t testing.TB, pkg string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Dir = "../.."
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, text)
	}
	return out
}

// serve starts the server on a free port; stop ends it as a clinic's IT would.
func serve(t testing.TB, ctx context.Context, binary string) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "--addr", host)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server did not stop well: %v\n%s", err, log.String())
		}
	}
	t.Cleanup(stop)
	address = "http://" + host
	for range 100 {
		if r, err := http.Get(address + "/healthz"); err == nil {
			r.Body.Close()
			if r.StatusCode != http.StatusOK {
				t.Fatalf("/healthz: %s", r.Status)
			}
			return address, stop
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the server does not answer: run `make build` first?\n%s", log.String())
	return "", nil
}

// classify runs the native command and indexes its lines by base name.
func classify(t *testing.T, ctx context.Context, binary string, files []string) map[string]native {
	t.Helper()
	cmd := exec.CommandContext(ctx, binary, append([]string{"classify", "--json"}, files...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("classify with bad pictures among the good: want exit 3, have %v\n%s", err, stderr.String())
	}
	all := map[string]native{}
	for line := range strings.Lines(string(out)) {
		var n native
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v in line %s", err, line)
		}
		all[filepath.Base(n.File)] = n
	}
	if len(all) != len(files) {
		t.Fatalf("classify answered %d of %d files", len(all), len(files))
	}
	return all
}

func screenshot(t *testing.T, ctx context.Context, tab *browser.Tab, name string) {
	t.Helper()
	dir := filepath.Join("..", "work", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := tab.Screenshot(ctx, filepath.Join(dir, name+".png")); err != nil {
		t.Error(err)
	}
}

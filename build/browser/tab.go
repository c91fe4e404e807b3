//go:build !js

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Tab is one page of a browser. Its methods may not be called at the same time,
// except Messages, Exceptions and Violations.
type Tab struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	messages []Message
}

// Message is a line of the tab's console: a call of console.*, an uncaught
// exception or an entry of the browser's own log.
type Message struct {
	Type   string // "log", "info", "warning", "error", "exception", ...
	Source string // of the browser's log: "network", "security", "javascript", ...; else ""
	Text   string
	URL    string // where it came from, if known
	Line   int    // from 0
}

func (m Message) String() string {
	s := m.Type + ": " + m.Text
	if m.URL != "" {
		s += fmt.Sprintf(" (%s:%d)", m.URL, m.Line+1)
	}
	return s
}

// NewTab opens about:blank. All tabs of a browser share its storage.
func (b *Browser) NewTab() (*Tab, error) {
	ctx, cancel := chromedp.NewContext(b.ctx)
	t := &Tab{ctx: ctx, cancel: cancel}
	console := chromedp.Console(ctx) // opens the tab
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("browser: opening a tab: %w", err)
	}
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			t.mu.Lock()
			t.messages = append(t.messages, Message{Type: string(m.Type), Source: m.Source, Text: m.Text, URL: m.URL, Line: int(m.Line)})
			t.mu.Unlock()
		}
	}()
	return t, nil
}

// Close closes the tab; the browser stays.
func (t *Tab) Close() { t.cancel() }

// do runs actions in the tab until they are done or ctx is.
func (t *Tab) do(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	_, err := run(ctx, t, chromedp.Steps(actions...))
	return err
}

func run[T any](ctx context.Context, t *Tab, action chromedp.Action[T]) (T, error) {
	inner, cancel := context.WithCancel(t.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	v, err := chromedp.Run(inner, action)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return v, err
}

// Navigate opens a page and waits for its load event.
func (t *Tab) Navigate(ctx context.Context, url string) error {
	if err := t.do(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("browser: opening %s: %w", url, err)
	}
	return nil
}

// Reload loads the page again and waits for its load event.
func (t *Tab) Reload(ctx context.Context) error {
	if err := t.do(ctx, chromedp.Reload()); err != nil {
		return fmt.Errorf("browser: reloading: %w", err)
	}
	return nil
}

// Eval evaluates a JavaScript expression, awaits it if it is a promise, and
// decodes the value, as JSON, into out (a pointer; nil drops the value).
// undefined leaves out as it is. A thrown exception is an error.
func (t *Tab) Eval(ctx context.Context, expression string, out any) error {
	raw, err := run(ctx, t, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return fmt.Errorf("browser: evaluating %s: %w", brief(expression), err)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("browser: value of %s: %w", brief(expression), err)
	}
	return nil
}

// WaitFor evaluates an expression again and again until it is true (in
// JavaScript's sense) or ctx is done. It survives a navigation in between.
func (t *Tab) WaitFor(ctx context.Context, expression string) error {
	var last error
	for {
		var ok bool
		if last = t.Eval(ctx, "!!("+expression+")", &ok); ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("browser: waiting for %s: %w (last: %v)\n%s", brief(expression), ctx.Err(), last, t.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// SetFiles gives files to the <input type=file> that the CSS selector finds.
func (t *Tab) SetFiles(ctx context.Context, selector string, files ...string) error {
	if err := t.do(ctx, chromedp.SetUploadFiles(chromedp.CSS(selector), files)); err != nil {
		return fmt.Errorf("browser: giving files to %s: %w", selector, err)
	}
	return nil
}

// Drop lets files and folders, named absolutely, fall on a place of the viewport.
func (t *Tab) Drop(ctx context.Context, x, y float64, paths ...string) error {
	err := t.do(ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		data := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
		for _, event := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
			if _, err := chromedp.Call(ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: event, X: x, Y: y, Data: data}); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		return fmt.Errorf("browser: dropping %v: %w", paths, err)
	}
	return nil
}

// Click clicks the middle of the first element that the CSS selector finds.
func (t *Tab) Click(ctx context.Context, selector string) error {
	if err := t.do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		return fmt.Errorf("browser: clicking %s: %w", selector, err)
	}
	return nil
}

// Screenshot writes a PNG of the whole page, scrolled parts included.
func (t *Tab) Screenshot(ctx context.Context, file string) error {
	png, err := run(ctx, t, chromedp.FullScreenshot(100))
	if err != nil {
		return fmt.Errorf("browser: screenshot %s: %w", file, err)
	}
	return os.WriteFile(file, png, 0o644)
}

// Messages are the console's lines so far.
func (t *Tab) Messages() []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Message(nil), t.messages...)
}

// Exceptions are the uncaught exceptions and unhandled rejections so far.
func (t *Tab) Exceptions() []Message {
	return t.those(func(m Message) bool { return m.Type == string(chromedp.ConsoleException) })
}

// Violations are the breaches of the page's Content Security Policy so far.
func (t *Tab) Violations() []Message {
	return t.those(func(m Message) bool { return strings.Contains(m.Text, "Content Security Policy") })
}

// Log is all messages as text, one a line, for a test's failure.
func (t *Tab) Log() string {
	var b strings.Builder
	for _, m := range t.Messages() {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

func (t *Tab) those(wanted func(Message) bool) []Message {
	var found []Message
	for _, m := range t.Messages() {
		if wanted(m) {
			found = append(found, m)
		}
	}
	return found
}

func brief(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return s
}

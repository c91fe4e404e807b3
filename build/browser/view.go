//go:build !js

package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// View is how a tab shows its page.
type View struct {
	Width, Height int  // CSS pixels
	Dark          bool // prefers-color-scheme: dark
}

// SetView changes the tab's viewport and colour scheme.
func (t *Tab) SetView(ctx context.Context, v View) error {
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	err := t.do(ctx,
		chromedp.EmulateViewport(int64(v.Width), int64(v.Height)),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		}),
	)
	if err != nil {
		return fmt.Errorf("browser: viewport %dx%d, %s: %w", v.Width, v.Height, scheme, err)
	}
	return nil
}

// Command look takes pictures of the running page (make run), for the README and
// for whoever changed its look: with drawn smears read, or with given pictures.
// With -cli it takes those of the command line instead:
//
//	go run ./build/look -cli bin/blastlens -out build/look
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"blastlens/build/browser"
)

// view is one picture of the page.
type view struct {
	name, path string
	browser.View
}

var views = []view{
	{"page", "/", browser.View{Width: 1440, Height: 900}},
	{"page-narrow", "/", browser.View{Width: 360, Height: 780, Dark: true}},
	{"about", "/about", browser.View{Width: 1440, Height: 900}},
	{"debug", "/?debug", browser.View{Width: 1440, Height: 900}},
	{"debug-gpu", "/?debug&device=webgpu", browser.View{Width: 1440, Height: 900}},
}

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where the page is served")
	out := flag.String("out", filepath.Join("build", "work", "look"), "folder for the pictures")
	cli := flag.String("cli", "", "blastlens: take what it draws of drawn smears, not the page; print what it says")
	flag.Parse()
	var err error
	if *cli != "" {
		err = commands(*cli, *out)
	} else {
		err = run(context.Background(), *url, *out, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "look:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, out string, files []string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for i := range files { // Chromium takes no others
		var err error
		if files[i], err = filepath.Abs(files[i]); err != nil {
			return err
		}
	}
	chromium, err := browser.Start(ctx, browser.Options{SoftwareGPU: true})
	if err != nil {
		return err
	}
	defer chromium.Close()
	for _, v := range views {
		if err := take(ctx, chromium, url, out, files, v); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

func take(ctx context.Context, chromium *browser.Browser, url, out string, files []string, v view) error {
	tab, err := chromium.NewTab()
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := tab.SetView(ctx, v.View); err != nil {
		return err
	}
	if err := tab.Navigate(ctx, url+v.path); err != nil {
		return err
	}
	if err := tab.WaitFor(ctx, `document.querySelector('[data-testid=engine]')?.dataset.ready === 'true'`); err != nil {
		return err
	}
	if v.path == "/" {
		n, err := read(ctx, tab, files)
		if err != nil {
			return err
		}
		answered := fmt.Sprintf(`document.querySelectorAll('[data-state=done],[data-state=refused]').length === %d`, n)
		if err := tab.WaitFor(ctx, answered); err != nil {
			return err
		}
	}
	if strings.Contains(v.path, "?debug") {
		if err := tab.WaitFor(ctx, `document.querySelector('[data-testid=profile]')?.dataset.done === 'true'`); err != nil {
			return err
		}
	}
	return tab.Screenshot(ctx, filepath.Join(out, v.name+".png"))
}

// read gives the page pictures to read and returns how many.
func read(ctx context.Context, tab *browser.Tab, files []string) (int, error) {
	if len(files) > 0 {
		return len(files), tab.SetFiles(ctx, "input[type=file]", files...)
	}
	// Drawn benign 1, drawn pre 1, and the field that the model is not made for.
	return 3, tab.Eval(ctx, `[0, 4, 8].forEach(i => document.querySelectorAll('.sample')[i].click())`, nil)
}

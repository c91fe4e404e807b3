package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns a function to be told how much of total is done, from any
// goroutine in turn: a bar on a terminal, a plain line every tenth elsewhere.
func progress(w io.Writer, what string, total int) func(done int) {
	told := described(w, total)
	return func(done int) { told(done, what) }
}

// described is progress whose description changes on the way.
func described(w io.Writer, total int) func(done int, what string) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }))
		return func(done int, what string) {
			bar.Describe(what)
			bar.Set(done)
		}
	}
	tenth := 0
	return func(done int, what string) {
		if now := 10 * done / max(1, total); now > tenth {
			tenth = now
			fmt.Fprintf(w, "%s: %d of %d\n", what, done, total)
		}
	}
}

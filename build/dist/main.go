// Command dist builds the page into web/dist: it compiles the two engines and
// the page to WASM, names by content hash what may be cached for ever, draws
// the sample smears, compresses, and lists everything with its SHA-256.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
)

func main() {
	quality := flag.Int("brotli", 9, "brotli `level` of all but the engines, which have 11: 0 to 11; 11 is for a release and ten times slower")
	root := flag.String("root", ".", "the repository's `folder`")
	flag.Parse()
	if err := run(*root, *quality); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(root string, quality int) error {
	d := &dist{root: root, out: filepath.Join(root, "web", "dist"), work: filepath.Join(root, "build", "work", "dist"), quality: quality}
	for _, step := range []func() error{d.clear, d.engines, d.model, d.samples, d.static, d.page, d.serviceWorker, d.compress, d.list} {
		if err := step(); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "raw\tgzip\tbrotli\t  file\t")
	for _, a := range d.assets {
		fmt.Fprintf(w, "%d\t%d\t%d\t  %s\t\n", a.Bytes, a.Gzip, a.Brotli, a.Path)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return d.budgets()
}

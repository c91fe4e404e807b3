// Command drawsmears writes a folder of drawn smears: DIR/Class/drawn-Class-001.jpg ...
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"blastlens/build/drawn"
)

func main() {
	out := flag.String("out", "", "folder to write into (made if absent)")
	n := flag.Int("n", 100, "pictures a class")
	seed := flag.Uint64("seed", 1, "first seed; picture k of a class is drawn with seed+k")
	size := flag.Int("size", 224, "pixels a side")
	flag.Parse()
	if *out == "" || *n < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "drawsmears: -out DIR and -n of at least 1 are needed, and nothing else")
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*out, *n, *seed, *size); err != nil {
		fmt.Fprintln(os.Stderr, "drawsmears:", err)
		os.Exit(1)
	}
}

func write(out string, n int, seed uint64, size int) error {
	type job struct {
		class string
		k     int
	}
	jobs := make(chan job)
	errs := make(chan error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var failed error
			for j := range jobs {
				if failed == nil {
					failed = one(out, j.class, j.k, seed, size)
				}
			}
			errs <- failed
		})
	}
	for _, class := range drawn.Classes() {
		for k := range n {
			jobs <- job{class, k}
		}
	}
	close(jobs)
	workers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func one(out, class string, k int, seed uint64, size int) error {
	return drawn.Write(filepath.Join(out, class, fmt.Sprintf("drawn-%s-%03d.jpg", class, k+1)), class, seed+uint64(k), size)
}

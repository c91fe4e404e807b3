package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"blastlens/model/data"
	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/intake"
	"blastlens/wasm/verdict"
	shipped "blastlens/web/model"
)

type classifyCmd struct {
	Paths []string `arg:"" name:"path" help:"Pictures, and folders with all that is below them."`
	JSON  bool     `name:"json" help:"Print one JSON object a picture."`
	Model string   `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Head  string   `help:"Head that answers; the model's first if absent." placeholder:"NAME"`
	deviceFlag
}

// classified is a line of classify --json.
type classified struct {
	File          string             `json:"file"`
	Class         string             `json:"class"` // as the training folders are named; empty if refused
	Probabilities map[string]float64 `json:"probabilities"`
	Refused       bool               `json:"refused"`
	Reason        string             `json:"reason"` // why refused
	MS            float64            `json:"ms"`     // decoding to logits
	Logits        []float32          `json:"logits,omitempty"`
	Head          string             `json:"head,omitempty"`
	Demonstration bool               `json:"demonstration,omitempty"`
	Statement     string             `json:"statement,omitempty"`
	Notes         []string           `json:"notes,omitempty"`
	ranOn
}

// Run classifies every picture it can; the others are listed as refused, and
// then the error is errSomeRefused.
func (c *classifyCmd) Run(s streams) error {
	file, m, err := c.readModel()
	if err != nil {
		return err
	}
	pictures := listPictures(c.Paths)
	// One thread a picture keeps all cores busy without waiting for each other;
	// threads share a picture only where there are fewer pictures than cores.
	workers := max(1, min(runtime.GOMAXPROCS(0), len(pictures)))
	e, err := engine.Load(bundle.Bytes(file), m, c.Device.options(runtime.GOMAXPROCS(0)/workers))
	if errors.Is(err, engine.ErrNoDevice) {
		return fmt.Errorf("--device: %w", err)
	}
	if err != nil {
		return err
	}
	defer e.Close()
	why := e.Why()
	s.sayf("device: %s", why)
	if err := e.HasHead(c.Head); err != nil {
		return fmt.Errorf("--head: %w", err)
	}

	out := c.output(s.out)
	told := progress(s.err, "classifying", len(pictures))
	start := time.Now()
	refused := 0
	inOrder(pictures, workers, func(p listed) classified { return c.classify(e, p) }, func(i int, r classified) {
		if r.Refused {
			refused++
		}
		err = errors.Join(err, out.print(r))
		told(i + 1)
	})
	took := time.Since(start)
	if err := errors.Join(err, out.close()); err != nil {
		return err
	}
	if now := e.Why(); now != why { // it failed on the way
		s.sayf("device: %s", now)
	}
	_, describe := e.Device()
	s.sayf("%d pictures, %d refused, %.1f pictures/s on %d at a time (%s), model %s. For research and education; not a medical device.",
		len(pictures), refused, float64(len(pictures))/took.Seconds(), workers, describe, e.Bundle().Version)
	if refused > 0 {
		return errSomeRefused
	}
	return nil
}

func (c *classifyCmd) readModel() (file []byte, m bundle.Manifest, err error) {
	text, name := shipped.Manifest, shipped.Name+".json"
	file = shipped.Bundle
	if c.Model != "" {
		if file, err = os.ReadFile(c.Model); err != nil {
			return nil, m, fmt.Errorf("--model: %w", err)
		}
		name = strings.TrimSuffix(c.Model, filepath.Ext(c.Model)) + ".json"
		if text, err = os.ReadFile(name); err != nil {
			return nil, m, fmt.Errorf("--model: manifest: %w", err)
		}
	}
	if file == nil || text == nil {
		return nil, m, errors.New("this build holds no model; name one with --model FILE")
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, m, fmt.Errorf("manifest %s: %w", name, err)
	}
	return file, m, nil
}

// listed is a file to classify, or what was wrong with a path.
type listed struct {
	path string
	err  error
}

// listPictures brings folders' files, in lexical order and without hidden ones, in the
// place of the folders.
func listPictures(paths []string) []listed {
	var all []listed
	for _, root := range paths {
		info, err := os.Stat(root)
		if err != nil || !info.IsDir() {
			all = append(all, listed{root, err})
			continue
		}
		before := len(all)
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			hidden := path != root && strings.HasPrefix(d.Name(), ".")
			switch {
			case err != nil:
				all = append(all, listed{path, err})
			case hidden && d.IsDir():
				return fs.SkipDir
			case !hidden && !d.IsDir():
				all = append(all, listed{path: path})
			}
			return nil
		})
		if len(all) == before {
			all = append(all, listed{root, errors.New("the folder holds no files")})
		}
	}
	return all
}

// inOrder does work on several items at a time and hands the results over in
// their order, as soon as those before are there.
func inOrder[T, R any](items []T, workers int, work func(T) R, deliver func(int, R)) {
	type numbered struct {
		i int
		r R
	}
	todo, done := make(chan int), make(chan numbered)
	for range workers {
		go func() {
			for i := range todo {
				done <- numbered{i, work(items[i])}
			}
		}()
	}
	go func() {
		defer close(todo)
		for i := range items {
			todo <- i
		}
	}()
	early := map[int]R{}
	for next := 0; next < len(items); {
		n := <-done
		early[n.i] = n.r
		for r, ok := early[next]; ok; r, ok = early[next] {
			deliver(next, r)
			delete(early, next)
			next++
		}
	}
}

// classify never fails: what cannot be read is refused, and so is a picture on
// which the code itself breaks.
func (c *classifyCmd) classify(e *engine.Engine, p listed) (r classified) {
	r.File = p.path
	refuse := func(reason string) classified {
		return classified{File: p.path, Refused: true, Reason: reason}
	}
	defer func() {
		if v := recover(); v != nil {
			r = refuse(fmt.Sprintf("this failed in a way that nobody foresaw (%v)", v))
		}
	}()
	if p.err != nil {
		return refuse(data.ReasonOf(p.err))
	}
	raw, err := readPicture(p.path)
	if err != nil {
		return refuse(data.ReasonOf(err))
	}
	start := time.Now()
	picture, err := intake.Decode(p.path, raw)
	if err != nil {
		return refuse(data.ReasonOf(err))
	}
	inference, err := e.Infer(picture.RGB, c.Head)
	if err != nil {
		return refuse(data.ReasonOf(err))
	}
	took := time.Since(start)
	h := inference.Head
	classes := make([]verdict.Class, len(h.Classes))
	for i, class := range h.Classes {
		classes[i] = verdict.Class{Title: class.Title, Group: class.Group}
	}
	v, err := verdict.Of(inference.Logits, classes, h.Demonstration)
	if err != nil {
		return refuse(data.ReasonOf(err))
	}
	r.Class, r.Statement, r.Logits = h.Classes[v.Class].Name, v.Statement, inference.Logits
	r.Head, r.Demonstration = h.Name, h.Demonstration
	r.Probabilities = map[string]float64{}
	for i, class := range h.Classes {
		r.Probabilities[class.Name] = v.Probabilities[i]
	}
	r.MS = float64(took.Microseconds()) / 1000
	r.Notes = picture.Notes
	if inference.Again != "" {
		r.Notes = append(r.Notes, "computed again: "+inference.Again)
	}
	r.ranOn = ranOn{inference.Device, inference.Describe}
	return r
}

// readPicture takes one byte more than intake accepts, so that a huge file is refused
// and not read.
func readPicture(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("this is a link to a folder; name the folder itself")
	case !info.Mode().IsRegular():
		return nil, errors.New("this is not a regular file") // reading a pipe might never end
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, intake.MaxBytes+1))
}

// results is where classified pictures are printed.
type results interface {
	print(classified) error
	close() error
}

func (c *classifyCmd) output(w io.Writer) results {
	if c.JSON {
		return jsonLines{json.NewEncoder(w)}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tVERDICT\tPROBABILITY\tNOTES")
	return table{t}
}

type jsonLines struct{ *json.Encoder }

func (j jsonLines) print(r classified) error { return j.Encode(r) }
func (j jsonLines) close() error             { return nil }

type table struct{ *tabwriter.Writer }

func (t table) print(r classified) error {
	notes := strings.Join(r.Notes, "; ")
	if r.Refused {
		_, err := fmt.Fprintf(t, "%s\trefused\t\t%s\n", r.File, r.Reason)
		return err
	}
	_, err := fmt.Fprintf(t, "%s\t%s\t%.3f\t%s\n", r.File, r.Statement, r.Probabilities[r.Class], notes)
	return err
}

func (t table) close() error { return t.Flush() }

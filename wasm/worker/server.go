// Command worker is the engine of the tab: a WASM of its own in a Web Worker,
// which answers the page's wire messages one after the other.
package main

import (
	"fmt"
	"slices"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/verdict"
	"blastlens/wasm/wire"
)

// server answers messages.
type server struct {
	post    func(wire.Event)
	store   store
	readers readers                     // may be nil
	devices map[string]engine.Candidate // by the name that a request asks for

	engine   *engine.Engine // nil until a model is loaded
	manifest bundle.Manifest
	notes    []string
	keep     func() error // stores the model, once nobody waits; nil if it is stored
	why      string       // as last told to the page
	idle     string       // why there is no engine
}

// hardware is "webgpu" on a real GPU only.
const hardware = "webgpu on hardware"

// auto lists the devices that "auto" tries, best first, as far as there are any.
var auto = []string{hardware, "tab", "cpu"}

// handle answers one message; whatever happens in it, the next can be answered.
func (s *server) handle(m message) {
	r, err := wire.ParseRequest(m.request)
	defer func() {
		if v := recover(); v != nil {
			s.refuse(r, fmt.Sprintf("this failed in a way that nobody foresaw (%v)", v))
		}
	}()
	switch {
	case err != nil:
		s.refuse(r, err.Error())
	case r.Kind == wire.Load:
		s.load(r)
	case r.Kind == wire.Classify:
		s.classify(r, m)
	case r.Kind == wire.Profile:
		s.profile()
	default:
		s.refuse(r, fmt.Sprintf("no message is of kind %q", r.Kind))
	}
}

// refuse is about one picture if the request was, else about the engine.
func (s *server) refuse(r wire.Request, reason string) {
	kind := wire.Failed
	if r.Kind == wire.Classify {
		kind = wire.Refused
	}
	s.post(wire.Event{Kind: kind, ID: r.ID, Reason: reason})
}

func (s *server) load(r wire.Request) {
	if s.engine != nil {
		s.engine.Close()
		s.engine = nil
	}
	fail := func(err error) {
		s.idle = err.Error()
		s.refuse(r, s.idle)
	}
	names := []string{r.Device}
	if r.Device == "" || r.Device == "auto" {
		names = slices.DeleteFunc(slices.Clone(auto), func(name string) bool {
			_, ok := s.devices[name]
			return !ok
		})
	}
	var options engine.Options
	for _, name := range names {
		c, ok := s.devices[name]
		if !ok {
			fail(fmt.Errorf("no device is called %q", name))
			return
		}
		options.Candidates = append(options.Candidates, c)
	}
	for _, name := range auto[1:] { // processors
		if c, ok := s.devices[name]; ok {
			options.Witnesses = append(options.Witnesses, c)
		}
	}
	l, err := loadModel(s.store, r.Model, options, s.progress())
	if err != nil {
		fail(err)
		return
	}
	s.engine, s.manifest, s.notes, s.keep = l.engine, l.manifest, l.notes, l.keep
	s.ready()
}

// rest does what may wait until nobody does.
func (s *server) rest() {
	if s.keep == nil {
		return
	}
	keep := s.keep
	s.keep = nil
	if err := caught(keep); err != nil {
		s.notes = append(s.notes, "the model could not be kept for offline use: "+err.Error())
		s.ready()
	}
}

// caught is f's error, or what it panicked with: a browser's exception, for one.
func caught(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	return f()
}

// progress returns a report function that does not post more often than a
// screen can show.
func (s *server) progress() func(stage string, done, total int64) {
	const often = 50 * time.Millisecond
	var last time.Time
	return func(stage string, done, total int64) {
		now := time.Now()
		if stage == wire.StageDownload && done != 0 && done < total && now.Sub(last) < often {
			return
		}
		last = now
		s.post(wire.Event{Kind: wire.Progress, Stage: stage, Done: done, Total: total})
	}
}

// ready tells the page what will answer.
func (s *server) ready() {
	name, describe := s.engine.Device()
	s.why = s.engine.Why()
	b := s.engine.Bundle()
	e := wire.Engine{Device: name, Describe: describe, Why: s.why, Summary: s.engine.Summary(), Version: b.Version, SHA256: s.manifest.SHA256, Notes: s.notes}
	for _, h := range b.Heads {
		head := wire.Head{Name: h.Name, Demonstration: h.Demonstration, Record: string(h.Record)}
		for _, c := range h.Classes {
			head.Classes = append(head.Classes, c.Title)
		}
		e.Heads = append(e.Heads, head)
	}
	s.post(wire.Event{Kind: wire.Ready, Engine: &e})
}

func (s *server) classify(r wire.Request, m message) {
	if s.engine == nil {
		reason := "no model is loaded"
		if s.idle != "" {
			reason += ": " + s.idle
		}
		s.refuse(r, reason)
		return
	}
	answer, err := s.answer(r, m)
	if name, _ := s.engine.Device(); name != "" && s.engine.Why() != s.why {
		s.ready() // another device took over, or the same with less
	}
	if err != nil {
		s.refuse(r, reasonOf(err))
		return
	}
	s.post(wire.Event{Kind: wire.Result, ID: r.ID, Answer: answer})
}

// profileRuns is how many pictures a profile takes.
const profileRuns = 7

func (s *server) profile() {
	e := wire.Event{Kind: wire.Profiled, Reason: "no model is loaded"}
	if s.engine != nil {
		e.Reason = ""
		steps, err := s.engine.Profile(profileRuns)
		if err != nil {
			e.Reason = err.Error()
		}
		for _, t := range steps {
			step := wire.Step{Name: t.Name, Op: t.Op, Shape: t.Shape, Kernels: t.Kernels, MS: milliseconds(t.Took)}
			if t.Took > 0 { // a browser's clock may be coarser than a step
				step.GFLOPS = 2 * float64(t.MACs) / float64(t.Took.Nanoseconds())
			}
			e.Steps = append(e.Steps, step)
		}
	}
	s.post(e)
}

func (s *server) answer(r wire.Request, m message) (*wire.Answer, error) {
	start := time.Now()
	picture, err := s.picture(r.Name, m)
	if err != nil {
		return nil, err
	}
	inference, err := s.engine.InferInput(picture.input, r.Head)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	h := inference.Head
	v, err := verdict.Of(inference.Logits, classes(h), h.Demonstration)
	if err != nil {
		return nil, err
	}
	a := &wire.Answer{
		Head: h.Name, Demonstration: h.Demonstration,
		Logits: inference.Logits, Class: v.Class, Statement: v.Statement,
		Device: inference.Device, Describe: inference.Describe, MS: milliseconds(took), RunMS: milliseconds(inference.Run),
		Width: picture.Width, Height: picture.Height, Notes: picture.Notes,
		Version: s.engine.Bundle().Version,
	}
	if inference.Again != "" {
		a.Notes = append(a.Notes, "run again, since a device failed: "+inference.Again)
	}
	for _, p := range v.Probabilities {
		a.Probabilities = append(a.Probabilities, float32(p))
	}
	return a, nil
}

func classes(h bundle.Head) []verdict.Class {
	all := make([]verdict.Class, len(h.Classes))
	for i, c := range h.Classes {
		all[i] = verdict.Class{Title: c.Title, Group: c.Group}
	}
	return all
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

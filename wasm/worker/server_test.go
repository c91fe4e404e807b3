package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/engine/enginetest"
	"blastlens/wasm/wire"
)

// shelf is a store in memory.
type shelf struct {
	files    map[string][]byte // by address
	kept     map[string][]byte
	keep     error // of Keep
	fetched  []string
	released []string
}

func (s *shelf) Text(url string, limit int64) ([]byte, error) {
	file, err := s.Fetch(url, limit, func(int64) {})
	if err != nil {
		return nil, err
	}
	return file.(bundle.Bytes), nil
}

func (s *shelf) Fetch(url string, limit int64, told func(int64)) (bundle.File, error) {
	s.fetched = append(s.fetched, url)
	data, ok := s.files[url]
	switch {
	case !ok:
		return nil, errors.New("the server answered 404")
	case int64(len(data)) > limit:
		return nil, errors.New("more bytes than were announced")
	}
	for n := range data {
		told(int64(n + 1))
	}
	return bundle.Bytes(slices.Clone(data)), nil
}

func (s *shelf) Cached(key string) bundle.File {
	if data, ok := s.kept[key]; ok {
		return bundle.Bytes(slices.Clone(data))
	}
	return nil
}
func (s *shelf) Release(key string, _ bundle.File) { s.released = append(s.released, key) }
func (s *shelf) Drop(key string)                   { delete(s.kept, key) }

func (s *shelf) Keep(key string, file bundle.File) error {
	if s.keep != nil {
		return s.keep
	}
	s.kept = map[string][]byte{key: slices.Clone(file.(bundle.Bytes))}
	return nil
}

const manifestURL = "https://host/models/means.json?v=3"

// newServer has a model on its shelf and two devices; events are what it posted.
func newServer(t *testing.T) (s *server, store *shelf, gpu, cpu *enginetest.Device, events *[]wire.Event) {
	t.Helper()
	file, m := enginetest.Model(t, nil)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	store = &shelf{files: map[string][]byte{manifestURL: text, "https://host/models/means.blm": file}}
	gpu, cpu = &enginetest.Device{Title: "WebGPU"}, &enginetest.Device{Title: "CPU"}
	events = new([]wire.Event)
	s = &server{
		post:    func(e wire.Event) { *events = append(*events, e) },
		store:   store,
		devices: map[string]engine.Candidate{hardware: gpu.Candidate(), "webgpu": gpu.Candidate(), "cpu": cpu.Candidate()},
	}
	return s, store, gpu, cpu, events
}

func request(t *testing.T, r wire.Request, data []byte) message {
	t.Helper()
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return message{request: text, bytes: func() []byte { return data }}
}

func load(t *testing.T, device string) message {
	return request(t, wire.Request{Kind: wire.Load, Model: manifestURL, Device: device}, nil)
}

func classify(t *testing.T, id int, data []byte) message {
	return request(t, wire.Request{Kind: wire.Classify, ID: id, Name: "field.png", Head: "tint"}, data)
}

func tinted(t *testing.T, c color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 90, 70))
	for i := range 90 * 70 {
		img.SetNRGBA(i%90, i/90, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func last(t *testing.T, events *[]wire.Event, kind string) wire.Event {
	t.Helper()
	if len(*events) == 0 {
		t.Fatalf("nothing was posted, want %s", kind)
	}
	e := (*events)[len(*events)-1]
	if e.Kind != kind {
		t.Fatalf("%s (%s), want %s", e.Kind, e.Reason, kind)
	}
	return e
}

func TestLoadAndClassify(t *testing.T) {
	s, store, _, _, events := newServer(t)
	s.handle(load(t, "auto"))
	ready := last(t, events, wire.Ready).Engine
	if ready.Device != "webgpu" || ready.Version != "means-1" || len(ready.SHA256) != 64 || !strings.Contains(ready.Why, "WebGPU passed its self-test") || ready.Describe == "" || len(ready.Notes) != 0 {
		t.Errorf("ready: %+v", ready)
	}
	if len(ready.Heads) != 2 || !slices.Equal(ready.Heads[0].Classes, []string{"Red smear", "Green (spring)", "Blue smear"}) || ready.Heads[0].Record != `{"accuracy":1}` || !ready.Heads[1].Demonstration {
		t.Errorf("heads: %+v", ready.Heads)
	}
	var stages []string
	size := int64(len(store.files["https://host/models/means.blm"]))
	for _, e := range *events {
		if e.Kind != wire.Progress {
			continue
		}
		if n := len(stages); n == 0 || stages[n-1] != e.Stage {
			stages = append(stages, e.Stage)
		}
		if e.Stage == wire.StageDownload && (e.Total != size || e.Done > size) {
			t.Errorf("download: %d of %d, the model has %d bytes", e.Done, e.Total, size)
		}
	}
	if want := []string{wire.StageDownload, wire.StageCompile, wire.StageVerify, wire.StageSelfTest}; !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}

	s.handle(classify(t, 41, tinted(t, color.NRGBA{102, 255, 0, 255})))
	e := last(t, events, wire.Result)
	a := e.Answer
	for i, want := range []float64{-0.4, 2, -2} {
		if math.Abs(float64(a.Logits[i])-want) > enginetest.Within {
			t.Errorf("logits %v, want -0.4 2 -2", a.Logits)
		}
	}
	if e.ID != 41 || a.Class != 1 || a.Statement != "Morphology suggestive of green (spring)" || a.Device != "webgpu" || a.Width != 90 || a.Height != 70 || a.Version != "means-1" || a.MS < a.RunMS || a.MS <= 0 {
		t.Errorf("answer %+v", a)
	}
	if p := a.Probabilities; len(p) != 3 || math.Abs(float64(p[0]+p[1]+p[2])-1) > 1e-6 || p[1] < p[0] {
		t.Errorf("probabilities %v", p)
	}

	drawn := request(t, wire.Request{Kind: wire.Classify, ID: 42, Head: "drawn"}, tinted(t, color.NRGBA{200, 200, 199, 255}))
	s.handle(drawn)
	if a := last(t, events, wire.Result).Answer; !a.Demonstration || !strings.HasPrefix(a.Statement, "Demonstration, drawn pictures:") || len(a.Logits) != 2 {
		t.Errorf("demonstration: %+v", a)
	}
}

// The stages that the engine reports are those that the page knows.
func TestStages(t *testing.T) {
	for stage, want := range map[engine.Stage]string{engine.Verify: wire.StageVerify, engine.Compile: wire.StageCompile, engine.SelfTest: wire.StageSelfTest} {
		if string(stage) != want {
			t.Errorf("engine reports %q, the page knows %q", stage, want)
		}
	}
}

func TestDeviceChoice(t *testing.T) {
	for device, want := range map[string]string{"": "webgpu", "auto": "webgpu", "webgpu": "webgpu", "cpu": "cpu"} {
		s, _, _, _, events := newServer(t)
		s.handle(load(t, device))
		if got := last(t, events, wire.Ready).Engine.Device; got != want {
			t.Errorf("asked for %q, got %s", device, got)
		}
	}
	s, _, gpu, _, events := newServer(t)
	gpu.Open = errors.New("navigator.gpu is missing")
	s.handle(load(t, "auto"))
	if e := last(t, events, wire.Ready).Engine; e.Device != "cpu" || !strings.HasPrefix(e.Why, "WebGPU: navigator.gpu is missing; CPU passed") {
		t.Errorf("%s: %s", e.Device, e.Why)
	}
	s.handle(load(t, "webgpu"))
	if e := last(t, events, wire.Failed); !strings.Contains(e.Reason, "navigator.gpu is missing") {
		t.Errorf("reason %q", e.Reason)
	}
	s.handle(load(t, "abacus"))
	if e := last(t, events, wire.Failed); !strings.Contains(e.Reason, "abacus") {
		t.Errorf("reason %q", e.Reason)
	}
}

// A second visit takes the kept model; a damaged copy is dropped and fetched
// again; a newer model takes the place of the old.
func TestCache(t *testing.T) {
	const address = "https://host/models/means.blm"
	s, store, _, _, events := newServer(t)
	s.handle(load(t, "cpu"))
	last(t, events, wire.Ready)
	if len(store.kept) != 0 {
		t.Error("kept while pictures may wait")
	}
	s.rest()
	if len(store.kept) != 1 || len(store.released) != 1 {
		t.Fatalf("%d models kept, %d released, want 1", len(store.kept), len(store.released))
	}

	store.fetched = nil
	s.handle(load(t, "cpu"))
	last(t, events, wire.Ready)
	if slices.Contains(store.fetched, address) {
		t.Error("a kept model was downloaded again")
	}
	if len(store.released) != 2 {
		t.Error("a kept model's bytes were not released")
	}

	for key := range store.kept {
		if !strings.HasPrefix(key, address+"?sha256=") {
			t.Errorf("kept as %s", key)
		}
		store.kept[key][100] ^= 1
	}
	s.handle(load(t, "cpu"))
	if notes := last(t, events, wire.Ready).Engine.Notes; len(notes) != 1 || !strings.Contains(notes[0], "damaged") {
		t.Errorf("notes %q", notes)
	}
	s.rest()
	if !slices.Contains(store.fetched, address) || len(store.kept) != 1 || !bytes.Equal(slices.Collect(values(store.kept))[0], store.files[address]) {
		t.Error("the damaged copy was not replaced")
	}

	store.kept, store.keep = nil, errors.New("QuotaExceededError")
	s.handle(load(t, "cpu"))
	s.rest()
	if notes := last(t, events, wire.Ready).Engine.Notes; len(notes) != 1 || !strings.Contains(notes[0], "QuotaExceededError") {
		t.Errorf("notes %q", notes)
	}
}

func values(m map[string][]byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func TestLoadFails(t *testing.T) {
	const address = "https://host/models/means.blm"
	manifest := func(change func(*bundle.Manifest)) func(*shelf) {
		return func(s *shelf) {
			var m bundle.Manifest
			if err := json.Unmarshal(s.files[manifestURL], &m); err != nil {
				panic(err)
			}
			change(&m)
			s.files[manifestURL], _ = json.Marshal(m)
		}
	}
	tests := []struct {
		name  string
		spoil func(*shelf)
		says  string
	}{
		{"one flipped byte", func(s *shelf) { s.files[address][200] ^= 1 }, "means.blm: " + bundle.ErrCorrupt.Error()},
		{"cut", func(s *shelf) { s.files[address] = s.files[address][:500] }, bundle.ErrCorrupt.Error()},
		{"longer than announced", func(s *shelf) { s.files[address] = append(s.files[address], 0) }, "announced"},
		{"no model", func(s *shelf) { delete(s.files, address) }, "404"},
		{"no manifest", func(s *shelf) { delete(s.files, manifestURL) }, "means.json"},
		{"manifest is a page", func(s *shelf) { s.files[manifestURL] = []byte("<!doctype html>") }, errManifest.Error()},
		{"manifest names another folder", manifest(func(m *bundle.Manifest) { m.File = "../secret.blm" }), "plain name"},
		{"manifest without a hash", manifest(func(m *bundle.Manifest) { m.SHA256 = "" }), "64 hex digits"},
		{"manifest asks for a huge file", manifest(func(m *bundle.Manifest) { m.Bytes = 1 << 40 }), "bytes, want"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, store, _, _, events := newServer(t)
			tt.spoil(store)
			s.handle(load(t, "auto"))
			if e := last(t, events, wire.Failed); !strings.Contains(e.Reason, tt.says) {
				t.Errorf("reason %q, want %q in it", e.Reason, tt.says)
			}
			if len(store.kept) != 0 {
				t.Error("a bad model was kept")
			}
			s.handle(classify(t, 5, tinted(t, color.NRGBA{1, 2, 3, 255})))
			if e := last(t, events, wire.Refused); e.ID != 5 || !strings.Contains(e.Reason, tt.says) {
				t.Errorf("picture without a model: %q", e.Reason)
			}
		})
	}
}

// Bad pictures and bad messages between good ones: each is answered by name,
// and the good ones are read.
func TestBadMessages(t *testing.T) {
	s, _, _, _, events := newServer(t)
	s.handle(load(t, "cpu"))
	good := tinted(t, color.NRGBA{10, 20, 200, 255})
	tests := []struct {
		name    string
		message message
		kind    string
		id      int
		says    string
	}{
		{"good", classify(t, 1, good), wire.Result, 1, ""},
		{"text", classify(t, 2, []byte("text")), wire.Refused, 2, "not a picture"},
		{"empty", classify(t, 3, nil), wire.Refused, 3, "empty"},
		{"no bytes at all", message{request: `{"v":1,"kind":"classify","id":4}`}, wire.Refused, 4, "empty"},
		{"cut", classify(t, 5, good[:len(good)/2]), wire.Refused, 5, "PNG"},
		{"bytes that panic", message{request: `{"v":1,"kind":"classify","id":6}`, bytes: func() []byte { panic("detached buffer") }}, wire.Refused, 6, "detached buffer"},
		{"unknown head", request(t, wire.Request{Kind: wire.Classify, ID: 7, Head: "other"}, good), wire.Refused, 7, "other"},
		{"another version", message{request: `{"v":2,"kind":"classify","id":8}`}, wire.Refused, 8, "reload"},
		{"no JSON", message{request: "hello"}, wire.Failed, 0, "request"},
		{"no message", message{}, wire.Failed, 0, "request"},
		{"unknown kind", message{request: `{"v":1,"kind":"sing"}`}, wire.Failed, 0, "sing"},
		{"good again", classify(t, 9, good), wire.Result, 9, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(*events)
			s.handle(tt.message)
			e := last(t, events, tt.kind)
			if e.ID != tt.id || !strings.Contains(e.Reason, tt.says) || len(*events) != before+1 {
				t.Errorf("%d events, the last %+v, want a reason with %q", len(*events)-before, e, tt.says)
			}
			if strings.HasPrefix(e.Reason, "field.png") {
				t.Errorf("%q repeats the name", e.Reason)
			}
		})
	}
}

// A device that is lost in the middle: the picture is still answered, by the
// next one, and the page is told who answers now.
func TestDeviceLost(t *testing.T) {
	s, _, gpu, _, events := newServer(t)
	gpu.Fault = enginetest.Between(3, math.MaxInt, enginetest.Fault{Err: errors.New("device lost")})
	s.handle(load(t, "auto"))
	picture := tinted(t, color.NRGBA{255, 0, 102, 255})
	var answered []string
	for id := range 3 {
		s.handle(classify(t, id, picture))
		answered = append(answered, last(t, events, wire.Result).Answer.Device)
	}
	if want := []string{"webgpu", "cpu", "cpu"}; !slices.Equal(answered, want) {
		t.Errorf("answered by %v, want %v", answered, want)
	}
	for _, e := range *events {
		if e.Kind != wire.Result {
			continue
		}
		if a, again := e.Answer, strings.Contains(strings.Join(e.Answer.Notes, " "), "WebGPU failed (device lost)"); again != (e.ID == 1) || a.Describe != "a test's "+a.Device {
			t.Errorf("picture %d on %s (%s): %q", e.ID, a.Device, a.Describe, a.Notes)
		}
	}
	var told []string
	for _, e := range *events {
		if e.Kind == wire.Ready {
			told = append(told, e.Engine.Device)
		}
	}
	if want := []string{"webgpu", "cpu"}; !slices.Equal(told, want) {
		t.Errorf("page was told %v, want %v", told, want)
	}
}

func TestProfile(t *testing.T) {
	s, _, _, _, events := newServer(t)
	ask := request(t, wire.Request{Kind: wire.Profile}, nil)
	s.handle(ask)
	if e := last(t, events, wire.Profiled); !strings.Contains(e.Reason, "no model") {
		t.Errorf("before loading: %+v", e)
	}
	s.handle(load(t, "auto"))
	s.handle(ask)
	if e := last(t, events, wire.Profiled); !strings.Contains(e.Reason, "times no steps") {
		t.Errorf("a device that cannot: %+v", e)
	}
	s.devices["cpu"] = engine.Candidate{Title: "CPU", New: func() (device.Device, error) { return cpu.New(1), nil }}
	s.handle(load(t, "cpu"))
	s.handle(ask)
	if e := last(t, events, wire.Profiled); e.Reason != "" || len(e.Steps) != len(s.engine.Bundle().Plan.Steps) || e.Steps[0].Shape == "" {
		t.Errorf("on the processor: %+v", e)
	}
}

func TestQueueKeepsOrder(t *testing.T) {
	q := newQueue()
	const n = 1000
	got := make(chan string)
	go func() {
		for range n {
			got <- q.pop().request
		}
	}()
	go func() {
		for i := range n {
			q.push(message{request: fmt.Sprint(i)})
		}
	}()
	for i := range n {
		if r := <-got; r != fmt.Sprint(i) {
			t.Fatalf("message %s at place %d", r, i)
		}
	}
}

func TestAddresses(t *testing.T) {
	m := bundle.Manifest{File: "b3.1f2e.blm", SHA256: "AB12"}
	for url, want := range map[string]string{
		"https://host/model/b3.json":         "https://host/model/b3.1f2e.blm",
		"https://host/model/b3.json?a=/x#/y": "https://host/model/b3.1f2e.blm",
		"/model/b3.json":                     "/model/b3.1f2e.blm",
		"b3.json":                            "b3.1f2e.blm",
	} {
		address, key := addresses(url, m)
		if address != want || key != want+"?sha256=ab12" {
			t.Errorf("%s: %s, kept as %s", url, address, key)
		}
	}
}

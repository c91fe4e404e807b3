package main

import (
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/wire"
)

// colleagues are readers that decode at once, by the program's own code.
type colleagues struct {
	desk      *desk
	bring     func(*desk, wire.Event, []float32) // what becomes of an answer; nil: it comes
	taken     int
	dismissed bool
}

func (c *colleagues) Take(name string, raw any, pre bundle.Preprocess) *reading {
	if c.dismissed {
		return nil
	}
	c.taken++
	id, r := c.desk.lay()
	text, err := wire.Request{Kind: wire.Read, ID: id, Name: name, Size: pre.Size, Mean: pre.Mean, Std: pre.Std}.JSON()
	if err != nil {
		panic(err)
	}
	e, input := read(message{request: text, bytes: func() []byte { return raw.([]byte) }})
	if c.bring != nil {
		c.bring(c.desk, e, input)
	} else {
		c.desk.answer(e, input)
	}
	return r
}

func (c *colleagues) Dismiss() { c.dismissed = true; c.desk.clear() }

// A folder gets the same answers and refusals, in its order, whoever decodes.
func TestReaders(t *testing.T) {
	red, blue := tinted(t, color.NRGBA{255, 0, 0, 255}), tinted(t, color.NRGBA{0, 0, 255, 255})
	folder := [][]byte{red, blue, []byte("no picture"), red[:len(red)/2], nil, blue, red}
	tests := []struct {
		name  string
		bring func(*desk, wire.Event, []float32)
		taken int // by readers, of the six that wait behind the first
	}{
		{"they decode", nil, 6},
		{"a reader dies", func(d *desk, _ wire.Event, _ []float32) { d.clear() }, 6},
		{"a reader fails", func(d *desk, e wire.Event, _ []float32) {
			d.answer(wire.Event{Kind: wire.Failed, ID: e.ID, Reason: "out of memory"}, nil)
		}, 6},
		{"an answer that nobody asked for", func(d *desk, e wire.Event, input []float32) {
			d.answer(wire.Event{Kind: wire.Input, ID: 99, Picture: &wire.Picture{}}, nil)
			d.answer(e, input)
		}, 6},
	}
	answers := func(t *testing.T, c *colleagues) []string {
		s, _, _, _, events := newServer(t)
		if c != nil {
			s.readers = c
		}
		s.handle(load(t, "cpu"))
		q := newQueue()
		for i, data := range folder {
			m := classify(t, i, data)
			m.raw = data
			q.push(m)
		}
		*events = nil
		for !q.empty() {
			m := q.pop()
			s.readAhead(q)
			s.handle(m)
		}
		var all []string
		for _, e := range *events {
			if e.Answer != nil {
				all = append(all, fmt.Sprint(e.ID, e.Answer.Logits, e.Answer.Width, e.Answer.Notes))
			} else {
				all = append(all, fmt.Sprint(e.ID, e.Reason))
			}
		}
		return all
	}
	want := answers(t, nil)
	if len(want) != len(folder) || !strings.Contains(want[2], "picture") {
		t.Fatalf("without readers: %q", want)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &colleagues{desk: newDesk(), bring: tt.bring}
			if got := answers(t, c); !slices.Equal(got, want) {
				t.Errorf("answers\n%q, want\n%q", got, want)
			}
			if c.taken != tt.taken {
				t.Errorf("%d pictures at readers, want %d", c.taken, tt.taken)
			}
		})
	}
}

// Who waits for a reader that hangs gives it up.
func TestReaderHangs(t *testing.T) {
	_, r := newDesk().lay()
	if _, err := r.wait(time.Millisecond); !errors.Is(err, errReader) {
		t.Errorf("%v, want %v", err, errReader)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no message":       "nonsense",
		"another version":  `{"v":99,"kind":"read","id":3,"size":8}`,
		"no size":          `{"v":1,"kind":"read","id":3}`,
		"an engine's task": `{"v":1,"kind":"load","id":3,"size":8}`,
	} {
		if e, input := read(message{request: text}); e.Kind != wire.Failed || e.Reason == "" || input != nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
	e, _ := read(message{request: `{"v":1,"kind":"read","id":3,"size":8}`, bytes: func() []byte { panic("detached buffer") }})
	if e.Kind != wire.Failed || e.ID != 3 || !strings.Contains(e.Reason, "detached") {
		t.Errorf("bytes that panic: %+v", e)
	}
}

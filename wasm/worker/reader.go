package main

import (
	"errors"
	"fmt"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/intake"
	"blastlens/wasm/tensor"
	"blastlens/wasm/wire"
)

// While the network runs, the engine's worker can do nothing else; pictures of a
// folder are decoded and scaled meanwhile by readers: this same program, in
// workers of its own. They come up once pictures wait. What a reader does not
// bring, the engine decodes itself.

// decoded is a picture as the network takes it.
type decoded struct {
	input []float32
	wire.Picture
}

// decode brings a picture to the network's input, or refuses it.
func decode(name string, data []byte, pre bundle.Preprocess) (decoded, error) {
	picture, err := intake.Decode(name, data)
	if err != nil {
		return decoded{}, err
	}
	return decoded{
		input:   tensor.Input(picture.RGB, pre.Size, pre.Mean, pre.Std),
		Picture: wire.Picture{Width: picture.RGB.W, Height: picture.RGB.H, Notes: picture.Notes},
	}, nil
}

// read answers one message as a reader. The input goes beside the event.
func read(m message) (e wire.Event, input []float32) {
	r, err := wire.ParseRequest(m.request)
	defer func() {
		if v := recover(); v != nil {
			e, input = wire.Event{Kind: wire.Failed, ID: r.ID, Reason: fmt.Sprint(v)}, nil
		}
	}()
	if err == nil && (r.Kind != wire.Read || r.Size < 1) {
		err = fmt.Errorf("a reader knows no message of kind %q for %d pixels", r.Kind, r.Size)
	}
	if err != nil {
		return wire.Event{Kind: wire.Failed, ID: r.ID, Reason: err.Error()}, nil
	}
	var data []byte
	if m.bytes != nil {
		data = m.bytes()
	}
	d, err := decode(r.Name, data, bundle.Preprocess{Size: r.Size, Mean: r.Mean, Std: r.Std})
	if err != nil {
		return wire.Event{Kind: wire.Refused, ID: r.ID, Reason: reasonOf(err)}, nil
	}
	return wire.Event{Kind: wire.Input, ID: r.ID, Picture: &d.Picture}, d.input
}

// reasonOf a refusal, without the picture's name: the page shows that beside it.
func reasonOf(err error) string {
	var refusal *intake.Refusal
	if errors.As(err, &refusal) {
		return refusal.Message()
	}
	return err.Error()
}

// reading is a picture at a reader.
type reading struct {
	came chan struct{} // closed once one of these is set, or neither will be
	decoded
	refused string
}

// errReader is why the engine decodes a picture itself.
var errReader = errors.New("no reader brought it")

// wait returns what the reader made of the picture: errReader if it brought
// nothing within the time, another error if it refused the picture.
func (r *reading) wait(patience time.Duration) (decoded, error) {
	// A timer that brings the time would bring the printing of times into the engine.
	late := make(chan struct{})
	defer time.AfterFunc(patience, func() { close(late) }).Stop()
	select {
	case <-r.came:
	case <-late:
		return decoded{}, errReader
	}
	switch {
	case r.refused != "":
		return decoded{}, errors.New(r.refused)
	case r.input == nil:
		return decoded{}, errReader
	}
	return r.decoded, nil
}

// desk knows what lies at one reader; its methods are called by one goroutine
// and the browser's callbacks, which a tab runs one at a time.
type desk struct {
	next    int
	pending map[int]*reading
}

func newDesk() *desk { return &desk{pending: map[int]*reading{}} }

// lay makes a place for a picture and returns the id to ask by.
func (d *desk) lay() (int, *reading) {
	d.next++
	r := &reading{came: make(chan struct{})}
	d.pending[d.next] = r
	return d.next, r
}

// answer takes a reader's message.
func (d *desk) answer(e wire.Event, input []float32) {
	r, ok := d.pending[e.ID]
	if !ok {
		return
	}
	delete(d.pending, e.ID)
	switch {
	case e.Kind == wire.Refused && e.Reason != "":
		r.refused = e.Reason
	case e.Kind == wire.Input && e.Picture != nil:
		r.decoded = decoded{input, *e.Picture}
	}
	close(r.came)
}

// clear gives up what lies there.
func (d *desk) clear() {
	for id, r := range d.pending {
		delete(d.pending, id)
		close(r.came)
	}
}

// readers decode pictures that wait. They may be absent.
type readers interface {
	// Take hands over a picture; nil where no reader can take it now.
	Take(name string, raw any, pre bundle.Preprocess) *reading
	// Dismiss ends them for good, since they did not do what they should.
	Dismiss()
}

// readerPatience is how long the engine waits for a picture at a reader.
const readerPatience = 10 * time.Second

// readAhead hands pictures that wait to readers.
func (s *server) readAhead(q *queue) {
	if s.readers == nil || s.engine == nil {
		return
	}
	q.each(func(m *message) {
		if m.ahead != nil || m.raw == nil {
			return
		}
		if r, err := wire.ParseRequest(m.request); err == nil && r.Kind == wire.Classify {
			m.ahead = s.readers.Take(r.Name, m.raw, s.engine.Bundle().Preprocess)
		}
	})
}

// picture is m's, from a reader or decoded here.
func (s *server) picture(name string, m message) (decoded, error) {
	if m.ahead != nil {
		d, err := m.ahead.wait(readerPatience)
		if !errors.Is(err, errReader) {
			return d, err
		}
		s.readers.Dismiss()
	}
	var data []byte
	if m.bytes != nil {
		data = m.bytes()
	}
	return decode(name, data, s.engine.Bundle().Preprocess)
}

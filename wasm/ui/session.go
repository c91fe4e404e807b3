package ui

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"blastlens/wasm/wire"
)

// purpose says why a picture is on the page; it decides which head answers and
// what stands beside the answer.
type purpose string

const (
	own     purpose = "own"     // the reader's picture
	drawing purpose = "drawing" // a drawn smear, answered by the demonstration head
	foreign purpose = "foreign" // a real field that the model was not made for
)

// State of a picture.
type state string

const (
	waiting state = "waiting"
	done    state = "done"
	refused state = "refused"
	stopped state = "stopped" // by the reader, before its turn
)

// picture is one card.
type picture struct {
	ID      int
	Name    string
	Thumb   string // object URL, or a path on this host
	Purpose purpose
	State   state
	Reason  string // of a refusal
	Answer  *wire.Answer
	blob    app.Value // the bytes, read again when an engine is started anew
	sent    bool      // to the engine that runs now
}

func (p *picture) refuse(reason string) { p.State, p.Reason = refused, reason }

// phase of the engine.
type phase string

const (
	loading phase = "loading"
	ready   phase = "ready"
	failed  phase = "failed"
)

// session is all that the page knows: it outlives the navigation between pages.
type session struct {
	Pictures []*picture
	Phase    phase
	Stage    string // of loading, one of wire's
	Done     int64
	Total    int64
	Reason   string // of a failure
	Device   string // asked for: auto, webgpu, cpu
	Engine   *wire.Engine
	Update   bool // a newer version of the page waits
	Debug    bool // the page was asked to show how it computes
	Profile  *wire.Event
	nextID   int

	profiling bool // a profile was asked for
	quiet     int  // ticks since the engine last said something
	folder    folder
	now       func() time.Time
}

func newSession() *session { return &session{Phase: loading, Device: "auto", nextID: 1, now: time.Now} }

// add puts a picture on the page, newest first.
func (s *session) add(name, thumb string, why purpose, blob app.Value) *picture {
	p := &picture{ID: s.nextID, Name: name, Thumb: thumb, Purpose: why, State: waiting, blob: blob}
	s.nextID++
	s.folder.joined(s.count(waiting), s.now())
	s.Pictures = append([]*picture{p}, s.Pictures...)
	return p
}

func (s *session) find(id int) *picture {
	for _, p := range s.Pictures {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// remove takes a picture off the page and returns it, with its place.
func (s *session) remove(id int) (*picture, int) {
	i := slices.IndexFunc(s.Pictures, func(p *picture) bool { return p.ID == id })
	if i < 0 {
		return nil, -1
	}
	p := s.Pictures[i]
	p.sent = false // an answer that comes meanwhile finds nobody
	s.Pictures = slices.Delete(s.Pictures, i, i+1)
	return p, i
}

// restore puts a removed picture back in its place.
func (s *session) restore(p *picture, at int) {
	s.Pictures = slices.Insert(s.Pictures, min(at, len(s.Pictures)), p)
}

// head that answers a picture, for a running engine: the demonstration's for
// drawings, never another; the model's first ("") for all else.
func (s *session) head(why purpose) (name string, ok bool) {
	if why != drawing {
		return "", true
	}
	for _, h := range s.Engine.Heads {
		if h.Demonstration {
			return h.Name, true
		}
	}
	return "", false
}

// classes of the head that gave an answer.
func (s *session) classes(a *wire.Answer) []string {
	if s.Engine == nil {
		return nil
	}
	for _, h := range s.Engine.Heads {
		if h.Name == a.Head {
			return h.Classes
		}
	}
	return nil
}

// restart forgets the engine, not the answers; what it had not answered is
// sent to the next.
func (s *session) restart(device string) {
	for _, p := range s.Pictures {
		p.sent = false
	}
	s.Phase, s.Device, s.Engine = loading, device, nil
	s.Profile, s.profiling, s.quiet = nil, false, 0
	s.Stage, s.Done, s.Total, s.Reason = "", 0, 0, ""
}

// tick is how often the page looks whether the engine still says something, and
// patience how many ticks it may be silent while something is asked of it: a large
// picture on a slow machine takes seconds. Ticks, not a time: a machine that slept
// finds one of them over.
const (
	tick     = 10 * time.Second
	patience = 12
)

// hangs counts a tick, and says whether the engine is to be given up.
func (s *session) hangs() bool {
	asked := s.Phase == loading || slices.ContainsFunc(s.Pictures, func(p *picture) bool { return p.sent && p.State == waiting })
	if s.quiet++; !asked || s.Phase == failed {
		s.quiet = 0
	}
	return s.quiet >= patience
}

// fail is what the page shows when there is no engine to answer.
func (s *session) fail(reason string) { s.Phase, s.Reason = failed, reason }

// receive takes a message of the engine's worker.
func (s *session) receive(message string) {
	s.quiet = 0
	e, err := wire.ParseEvent(message)
	switch {
	case errors.Is(err, wire.ErrVersion):
		s.fail(fmt.Sprintf("The page speaks version %d and the engine version %d. Close all tabs of this page and open it again.", wire.Version, e.V))
		return
	case err != nil:
		s.fail("The engine sent a message that cannot be read: " + err.Error())
		return
	}
	switch e.Kind {
	case wire.Progress:
		s.Stage, s.Done, s.Total = e.Stage, e.Done, e.Total
	case wire.Ready:
		s.Phase, s.Engine = ready, e.Engine
		s.Profile, s.profiling = nil, false
	case wire.Profiled:
		s.Profile = &e
	case wire.Failed:
		s.fail(e.Reason)
	case wire.Result:
		if p := s.find(e.ID); p != nil && e.Answer != nil {
			p.State, p.Answer = done, e.Answer
			s.folder.done++
		}
	case wire.Refused:
		if p := s.find(e.ID); p != nil {
			p.refuse(e.Reason)
			s.folder.done++
		}
	}
}

// ahead is how many pictures the engine holds at most: the one it answers, and
// the next, which it lets others decode meanwhile. A folder's bytes are never in
// memory.
const ahead = 4

// profileDue says, once an engine, that its profile is to be asked for.
func (s *session) profileDue() bool {
	due := s.Debug && s.Phase == ready && s.Profile == nil && !s.profiling
	s.profiling = s.profiling || due
	return due
}

// due are the pictures to send now, in the order in which they were added.
func (s *session) due() []*picture {
	if s.Phase != ready {
		return nil
	}
	room := ahead
	var unsent []*picture
	for _, p := range slices.Backward(s.Pictures) {
		switch {
		case p.State != waiting:
		case p.sent:
			room--
		default:
			unsent = append(unsent, p)
		}
	}
	return unsent[:max(0, min(room, len(unsent)))]
}

package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"blastlens/wasm/wire"
)

// tell gives the session an event as the worker would post it.
func tell(t *testing.T, s *session, e wire.Event) {
	t.Helper()
	text, err := e.JSON()
	if err != nil {
		t.Fatal(err)
	}
	s.receive(text)
}

// running is a session whose engine has a head for smears and one for drawings.
func running(t *testing.T) *session {
	t.Helper()
	s := newSession()
	tell(t, s, wire.Event{Kind: wire.Ready, Engine: &wire.Engine{
		Device: "cpu", Describe: "Go SIMD", Why: "WebGPU: no adapter", Version: "v1", SHA256: "99aa", Notes: []string{"the model is not kept"},
		Heads: []wire.Head{
			{Name: "smear", Classes: []string{"Benign (hematogones)", "Pro-B ALL"}, Record: `{"kind":"frozen body","data":{"pictures":10},"figures":[{"split":"contiguous","judged":7,"accuracy":0.5,"colour_only":{"accuracy":0.25}}]}`},
			{Name: "drawn", Demonstration: true, Classes: []string{"round", "cleft"}, Record: "not JSON"},
		},
	}})
	return s
}

// ids of pictures, in order.
func ids(pictures []*picture) []int {
	all := []int{}
	for _, p := range pictures {
		all = append(all, p.ID)
	}
	return all
}

func TestLoading(t *testing.T) {
	s := newSession()
	s.add("a.jpg", "", own, nil)
	for _, c := range []struct {
		event wire.Event
		want  string
	}{
		{wire.Event{Kind: wire.Progress, Stage: wire.StageDownload}, "Fetching the model"},
		{wire.Event{Kind: wire.Progress, Stage: wire.StageDownload, Done: 1_500_000, Total: 12_000_000}, "Fetching the model: 1.5 of 12.0 MB"},
		{wire.Event{Kind: wire.Progress, Stage: wire.StageVerify}, "Checking that the model is whole"},
		{wire.Event{Kind: wire.Progress, Stage: wire.StageCompile}, "Preparing the network"},
		{wire.Event{Kind: wire.Progress, Stage: wire.StageSelfTest}, "Self-test"},
	} {
		tell(t, s, c.event)
		if got := stageText(s); got != c.want {
			t.Errorf("%+v shows %q, want %q", c.event, got, c.want)
		}
		if due := s.due(); len(due) != 0 {
			t.Errorf("%s: pictures %v are sent before the engine is ready", c.want, ids(due))
		}
	}
}

func TestPicturesAreSentInTurn(t *testing.T) {
	s := running(t)
	for i := range 7 {
		s.add(fmt.Sprint(i), "", own, nil)
	}
	take := func(want ...int) {
		t.Helper()
		due := s.due()
		if !slices.Equal(ids(due), want) {
			t.Errorf("due are %v, want %v", ids(due), want)
		}
		for _, p := range due {
			p.sent = true
		}
	}
	take(1, 2, 3, 4)
	take()
	tell(t, s, wire.Event{Kind: wire.Result, ID: 1, Answer: &wire.Answer{Head: "smear"}})
	take(5)
	tell(t, s, wire.Event{Kind: wire.Refused, ID: 3, Reason: "16 bits a channel"})
	take(6)
	tell(t, s, wire.Event{Kind: wire.Ready, Engine: s.Engine}) // another device took over; it has the pictures
	take()

	t.Run("a new engine gets what has no answer", func(t *testing.T) {
		s.restart("cpu")
		if due := s.due(); len(due) != 0 {
			t.Errorf("due before the engine is ready: %v", ids(due))
		}
		tell(t, s, wire.Event{Kind: wire.Ready, Engine: &wire.Engine{}})
		if due := s.due(); !slices.Equal(ids(due), []int{2, 4, 5, 6}) {
			t.Errorf("due are %v, want 2, 4, 5 and 6", ids(due))
		}
		if s.find(1).State != done || s.find(3).State != refused || s.find(3).Reason != "16 bits a channel" {
			t.Error("an answer was lost")
		}
	})
}

func TestRemoveAndRestore(t *testing.T) {
	s := running(t)
	for range 3 {
		s.add("x", "", own, nil)
	}
	p := s.find(2)
	p.sent = true
	removed, at := s.remove(2)
	if removed != p || at != 1 || !slices.Equal(ids(s.Pictures), []int{3, 1}) {
		t.Fatalf("removed %v at %d, left %v", removed, at, ids(s.Pictures))
	}
	tell(t, s, wire.Event{Kind: wire.Result, ID: 2, Answer: &wire.Answer{}}) // for a picture that is gone
	if again, at := s.remove(2); again != nil || at != -1 {
		t.Errorf("a picture that is gone was removed again, at %d", at)
	}
	s.restore(p, at)
	if !slices.Equal(ids(s.Pictures), []int{3, 2, 1}) {
		t.Errorf("restored to %v", ids(s.Pictures))
	}
	if due := s.due(); !slices.Equal(ids(due), []int{1, 2, 3}) {
		t.Errorf("due are %v: the restored picture must be asked about again", ids(due))
	}
}

func TestHeads(t *testing.T) {
	s := running(t)
	for _, c := range []struct {
		why  purpose
		name string
		ok   bool
	}{{own, "", true}, {foreign, "", true}, {drawing, "drawn", true}} {
		if name, ok := s.head(c.why); name != c.name || ok != c.ok {
			t.Errorf("%s: head %q %v, want %q %v", c.why, name, ok, c.name, c.ok)
		}
	}
	s.Engine.Heads = s.Engine.Heads[:1]
	if name, ok := s.head(drawing); ok {
		t.Errorf("without a demonstration head, %q is asked about a drawing", name)
	}
}

func TestBadMessages(t *testing.T) {
	for message, want := range map[string]string{
		"{":                       "cannot be read",
		`{"v":99,"kind":"ready"}`: "version 99",
		`{"v":1,"kind":"failed","reason":"no device can run the model"}`: "no device can run the model",
	} {
		s := running(t)
		s.receive(message)
		if s.Phase != failed || !strings.Contains(s.Reason, want) {
			t.Errorf("%s: phase %s, reason %q, want %q", message, s.Phase, s.Reason, want)
		}
	}
}

func TestFolder(t *testing.T) {
	s := running(t)
	at := time.Unix(0, 0)
	s.now = func() time.Time { return at }
	text := func(want string) {
		t.Helper()
		if got := s.folder.text(s.count(waiting), s.now()); got != want {
			t.Errorf("progress is %q, want %q", got, want)
		}
	}
	answer := func(id int) { tell(t, s, wire.Event{Kind: wire.Result, ID: id, Answer: &wire.Answer{Head: "smear"}}) }
	text("")
	s.add("alone", "", own, nil)
	text("") // one picture needs no line
	answer(1)
	for range 30 {
		s.add("field", "", own, nil)
	}
	text("0 of 30 read")
	at = at.Add(3 * time.Second)
	answer(2)
	tell(t, s, wire.Event{Kind: wire.Refused, ID: 3, Reason: "16 bits a channel"})
	answer(4)
	text("3 of 30 read, about 27 s left")

	for _, p := range s.due() {
		p.sent = true
	}
	s.stop()
	text("")
	if due := s.due(); len(due) != 0 || s.count(stopped) != 27 || s.count(done) != 3 || s.count(refused) != 1 {
		t.Errorf("after stopping %v are due, %d stopped, %d done, %d refused", ids(due), s.count(stopped), s.count(done), s.count(refused))
	}
	answer(5) // the engine had it already
	if s.find(5).State != done {
		t.Error("an answer that came after stopping was lost")
	}
	s.resume()
	text("0 of 26 read")
	if due := s.due(); !slices.Equal(ids(due), []int{9}) { // 6, 7 and 8 are with the engine still
		t.Errorf("due are %v, want 9", ids(due))
	}
}

// An engine of which something is asked, and that says nothing, is given up; one
// that says something is not, nor one that is asked nothing.
func TestHangs(t *testing.T) {
	s := running(t)
	ticks := func(n int) (gaveUp bool) {
		for range n {
			gaveUp = s.hangs()
		}
		return gaveUp
	}
	if ticks(3 * patience) {
		t.Error("given up though nothing was asked")
	}
	p := s.add("field.jpg", "blob:1", own, nil)
	if ticks(3 * patience) {
		t.Error("given up over a picture that was not sent")
	}
	p.sent = true
	if ticks(patience - 1) {
		t.Error("given up too early")
	}
	tell(t, s, wire.Event{Kind: wire.Progress, Stage: wire.StageCompile})
	if ticks(patience - 1) {
		t.Error("given up though it had said something")
	}
	if !ticks(1) {
		t.Error("a silent engine was not given up")
	}
	s.restart("cpu")
	if ticks(patience-1) || !ticks(1) {
		t.Error("an engine that does not load is to be given up in its time")
	}
}

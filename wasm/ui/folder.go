package ui

import (
	"fmt"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// folder is the pictures that were added since the page last waited for none:
// what a progress line counts.
type folder struct {
	total, done int
	began       time.Time
}

// joined counts a picture that is to be read.
func (f *folder) joined(waiting int, now time.Time) {
	if waiting == 0 {
		*f = folder{began: now}
	}
	f.total++
}

// few pictures need no progress line.
const few = 3

// text is what the progress line says; "" where there is none.
func (f folder) text(waiting int, now time.Time) string {
	if f.total < few || waiting == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d read", f.done, f.total)
	if f.done < few {
		return text // too early to foretell
	}
	left := now.Sub(f.began) / time.Duration(f.done) * time.Duration(waiting)
	switch {
	case left < time.Second:
		return text + ", less than a second left"
	case left < 2*time.Minute:
		return text + fmt.Sprintf(", about %.0f s left", left.Seconds())
	}
	return text + fmt.Sprintf(", about %.0f minutes left", left.Minutes())
}

// count is how many pictures are in a state.
func (s *session) count(in state) int {
	n := 0
	for _, p := range s.Pictures {
		if p.State == in {
			n++
		}
	}
	return n
}

// stop leaves what is not answered unread. What the engine holds already may
// still get its answer.
func (s *session) stop() {
	for _, p := range s.Pictures {
		if p.State == waiting {
			p.State = stopped
		}
	}
	s.folder = folder{}
}

// resume lets what was stopped be read after all.
func (s *session) resume() {
	for _, p := range s.Pictures {
		if p.State == stopped {
			s.folder.joined(s.count(waiting), s.now())
			p.State = waiting
		}
	}
}

// folderLine tells how far a folder is, and lets the reader stop it and go on.
func folderLine(s *session, stop, resume app.EventHandler) app.UI {
	line := app.Div().Class("folder").DataSet("testid", "folder")
	if left := s.count(waiting); left > 0 {
		text := s.folder.text(left, s.now())
		if text == "" {
			return line.Hidden(true)
		}
		return line.Body(
			app.Progress().Max(s.folder.total).Value(s.folder.done).Aria("label", "Pictures read"),
			app.Span().Text(text),
			app.Button().Class("quiet").Text("Stop").OnClick(stop),
		)
	}
	if left := s.count(stopped); left > 0 {
		return line.Body(
			app.Span().Text(fmt.Sprintf("Stopped: %s not read.", pictures(left))),
			app.Button().Class("quiet").Text("Read the rest").OnClick(resume),
		)
	}
	return line.Hidden(true)
}

func pictures(n int) string {
	if n == 1 {
		return "1 picture was"
	}
	return fmt.Sprintf("%d pictures were", n)
}

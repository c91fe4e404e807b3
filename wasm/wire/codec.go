package wire

import (
	"errors"
	"fmt"

	"blastlens/wasm/fields"
)

// ErrVersion is wrapped where page and worker were not built together.
var ErrVersion = errors.New("page and engine are of different versions; reload the page")

// JSON is the message as it is posted, with V set.
func (r Request) JSON() (string, error) {
	r.V = Version
	return marshal(&r)
}

// JSON is the message as it is posted, with V set.
func (e Event) JSON() (string, error) {
	e.V = Version
	return marshal(&e)
}

// ParseRequest reads a request. With ErrVersion it returns what it could read,
// so that the refusal can name the picture.
func ParseRequest(text string) (Request, error) {
	var r Request
	if err := fields.Unmarshal([]byte(text), &r); err != nil {
		return Request{}, fmt.Errorf("wire: request: %w", err)
	}
	return r, checkVersion(r.V)
}

// ParseEvent reads an event.
func ParseEvent(text string) (Event, error) {
	var e Event
	if err := fields.Unmarshal([]byte(text), &e); err != nil {
		return Event{}, fmt.Errorf("wire: event: %w", err)
	}
	return e, checkVersion(e.V)
}

func marshal(v fields.Struct) (string, error) {
	text, err := fields.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("wire: %w", err)
	}
	return string(text), nil
}

func checkVersion(v int) error {
	if v != Version {
		return fmt.Errorf("wire: %w (message %d, want %d)", ErrVersion, v, Version)
	}
	return nil
}

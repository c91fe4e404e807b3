package wire_test

import (
	"errors"
	"reflect"
	"testing"

	"blastlens/wasm/wire"
)

func TestRoundTrip(t *testing.T) {
	r := wire.Request{Kind: wire.Classify, ID: 7, Name: "a \"field\" ü.jpg", Head: "smear"}
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	r.V = wire.Version
	if got, err := wire.ParseRequest(text); err != nil || got != r {
		t.Errorf("%+v, %v", got, err)
	}

	e := wire.Event{Kind: wire.Result, ID: 7, Answer: &wire.Answer{
		Head: "smear", Logits: []float32{1.25, -3e-7}, Probabilities: []float32{0.75, 0.25}, Class: 1,
		Statement: "Morphology suggestive of <x> & y", MS: 12.5, Notes: []string{"turned"},
	}, Engine: &wire.Engine{Device: "cpu", Heads: []wire.Head{{Name: "smear", Classes: []string{"a", "b"}, Record: `{"seed":1}`}}}}
	text, err = e.JSON()
	if err != nil {
		t.Fatal(err)
	}
	e.V = wire.Version
	if got, err := wire.ParseEvent(text); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	r, err := wire.ParseRequest(`{"v":99,"kind":"classify","id":3}`)
	if !errors.Is(err, wire.ErrVersion) || r.ID != 3 {
		t.Errorf("%+v, %v; want a version error for picture 3", r, err)
	}
	if _, err := wire.ParseEvent(`{"kind":"ready"}`); !errors.Is(err, wire.ErrVersion) {
		t.Errorf("no version: %v", err)
	}
	for _, text := range []string{"", "null and void", `{"v":"1"}`, `{"v":1`} {
		if _, err := wire.ParseRequest(text); err == nil {
			t.Errorf("request %q was taken", text)
		}
		if _, err := wire.ParseEvent(text); err == nil {
			t.Errorf("event %q was taken", text)
		}
	}
}

// What is taken is written and read again as the same message.
func FuzzParse(f *testing.F) {
	f.Add(`{"v":1,"kind":"classify","id":3,"mean":[1,2,3]}`)
	f.Add(`{"v":1,"kind":"result","answer":{"logits":[1.5]},"engine":{"heads":[{"record":"{}"}]},"steps":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := wire.ParseRequest(text); err == nil {
			again, err := r.JSON()
			if got, parseErr := wire.ParseRequest(again); err != nil || parseErr != nil || got != r {
				t.Errorf("%q: %+v became %+v (%v, %v)", text, r, got, err, parseErr)
			}
		}
		if e, err := wire.ParseEvent(text); err == nil {
			again, err := e.JSON()
			got, parseErr := wire.ParseEvent(again)
			twice, _ := got.JSON()
			if err != nil || parseErr != nil || twice != again {
				t.Errorf("%q: %q became %q (%v, %v)", text, again, twice, err, parseErr)
			}
		}
	})
}

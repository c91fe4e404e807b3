package engine

import (
	"errors"
	"fmt"
	"math"

	"blastlens/wasm/device"
)

// ErrDisagree is of a device whose answer to a picture a witness does not share.
var ErrDisagree = errors.New("another device gives another answer")

// often is how many pictures a doubted device answers from one check to the next.
const often = 64

// agree checks what a doubted device made of x by another device, if this is the
// first picture that it answers, or one in a while. A graphics processor's driver
// may pass every test and be wrong later. Without a witness nothing is checked.
func (e *Engine) agree(a *active, x []float32, outputs [][]float32) error {
	if c := e.candidates[a.candidate]; !c.Doubted || (a.answered.Add(1)-1)%often != 0 {
		return nil
	}
	e.testimony.Lock()
	defer e.testimony.Unlock()
	for e.witness == nil {
		if e.absent == len(e.witnesses) {
			return nil
		}
		s, err := e.summon(e.witnesses[e.absent])
		if err != nil {
			e.absent++
			continue
		}
		e.witness = s
	}
	want, err := e.try(e.witness, x)
	if err != nil { // it proves nothing
		e.witness.Close()
		e.witness = nil
		e.absent++
		return nil
	}
	difference := 0.0
	for _, h := range e.bundle.Heads {
		o := e.output(h.Name)
		largest := magnitude(want[o])
		for i, v := range want[o] {
			difference = max(difference, math.Abs(float64(v)-float64(outputs[o][i]))/largest)
		}
	}
	if allowed := float64(e.bundle.Golden.Tolerance); difference > allowed {
		return fmt.Errorf("%w: %s differs by %.1e of the largest logit, want at most %.1e", ErrDisagree, e.witnesses[e.absent].Title, difference, allowed)
	}
	return nil
}

// summon prepares a witness, which has to pass the self-test too.
func (e *Engine) summon(c Candidate) (s device.Session, err error) {
	defer func() {
		if v := recover(); v != nil {
			s, err = nil, fmt.Errorf("preparing: %v", v)
		}
	}()
	d, err := c.New()
	if err != nil {
		return nil, err
	}
	if s, err = d.Prepare(e.bundle.Plan); err != nil {
		return nil, err
	}
	if _, err := e.selfTest(s); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// dismiss lets the witness go; it can be summoned again.
func (e *Engine) dismiss() {
	e.testimony.Lock()
	defer e.testimony.Unlock()
	if e.witness != nil {
		e.witness.Close()
		e.witness = nil
	}
}

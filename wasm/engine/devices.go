package engine

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"blastlens/wasm/device"
)

// active is a prepared device.
type active struct {
	candidate int
	device    device.Device
	session   device.Session
	// again is set on one that replaces a failed session of the same device,
	// until it has answered a picture: if it fails before, the next is tried.
	again    atomic.Bool
	answered atomic.Int64 // pictures
}

// run answers x on the device that is active, on the same one prepared again if
// that fails, then on the candidates after it. A picture that fails wherever it
// runs is given up, whatever others do meanwhile.
func (e *Engine) run(x []float32) (outputs [][]float32, by Inference, err error) {
	for tries := range 2*len(e.candidates) + 1 {
		e.mu.RLock()
		a := e.active
		if a != nil {
			start := time.Now()
			outputs, err = e.try(a.session, x)
			took := time.Since(start)
			if err == nil {
				err = e.agree(a, x, outputs)
			}
			if err == nil {
				a.again.Store(false)
				by = Inference{Device: a.device.Name(), Describe: a.device.Describe(), Run: took}
				if tries > 0 {
					by.Again = strings.Join(e.why, "; ")
				}
			}
		}
		e.mu.RUnlock()
		if a != nil && err == nil {
			return outputs, by, nil
		}
		if err := e.replace(a, err); err != nil {
			return nil, Inference{}, err
		}
	}
	return nil, Inference{}, fmt.Errorf("%w: %w", ErrNoDevice, err)
}

// replace puts another session in the place of failed, unless another goroutine
// already has. failed is nil where no device was left: then all get a new chance.
func (e *Engine) replace(failed *active, cause error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active != failed {
		return nil
	}
	if failed == nil {
		return e.start(0, false, nil)
	}
	title := e.candidates[failed.candidate].Title
	fault := title + " failed (" + cause.Error() + ")"
	if failed.again.Load() || errors.Is(cause, ErrDisagree) { // it would disagree again
		return e.start(failed.candidate+1, false, append(e.why, fault))
	}
	if err := e.start(failed.candidate, true, []string{fault}); err != nil {
		return err
	}
	e.active.again.Store(e.active.candidate == failed.candidate)
	return nil
}

// start prepares the first candidate from index from on that passes its
// self-test; again, where that one has failed in a run. history begins the new
// Why. The caller holds mu, or is Load.
func (e *Engine) start(from int, again bool, history []string) error {
	e.stop()
	e.why = history
	for i := from; i < len(e.candidates); i++ {
		if e.attempt(i, again && i == from) {
			return nil
		}
		if e.damaged {
			break // on every device
		}
	}
	if len(e.candidates) == 0 {
		e.why = append(e.why, "none was offered")
	}
	return fmt.Errorf("%w: %s", ErrNoDevice, strings.Join(e.why, "; "))
}

// attempt makes candidate i the active one if it passes its self-test. One that
// is there but fails, and can do with less, gets a second attempt.
func (e *Engine) attempt(i int, again bool) bool {
	c := e.candidates[i]
	a, difference, err := e.prepare(i, again)
	if err != nil {
		e.why = append(e.why, c.Title+": "+err.Error())
		if e.damaged = !errors.Is(err, device.ErrUnavailable) && e.verify() != nil; e.damaged {
			return false
		}
		return !again && c.Again != nil && !errors.Is(err, device.ErrUnavailable) && e.attempt(i, true)
	}
	e.active = a
	e.why = append(e.why, fmt.Sprintf("%s passed its self-test (%s; largest difference %.1e of the largest logit)", c.Title, a.device.Describe(), difference))
	return true
}

func (e *Engine) stop() {
	if e.active != nil {
		e.active.session.Close()
		e.active = nil
	}
	e.dismiss()
}

// prepare makes candidate i ready and lets it prove itself.
func (e *Engine) prepare(i int, again bool) (a *active, difference float64, err error) {
	defer func() {
		if v := recover(); v != nil { // a browser's exception, for one
			a, err = nil, fmt.Errorf("preparing: %v", v)
		}
	}()
	e.progress(Compile)
	open := e.candidates[i].New
	if again && e.candidates[i].Again != nil {
		open = e.candidates[i].Again
	}
	d, err := open()
	if err != nil {
		return nil, 0, err
	}
	s, err := d.Prepare(e.bundle.Plan)
	if err != nil {
		return nil, 0, err
	}
	if err := e.verify(); err != nil {
		s.Close()
		return nil, 0, err
	}
	e.progress(SelfTest)
	difference, err = e.selfTest(s)
	if err != nil {
		s.Close()
		return nil, 0, err
	}
	return &active{candidate: i, device: d, session: s}, difference, nil
}

// selfTest runs the golden input and returns the largest difference of a logit,
// as a share of its head's largest.
func (e *Engine) selfTest(s device.Session) (float64, error) {
	outputs, err := e.try(s, e.golden)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrSelfTest, err)
	}
	golden := e.bundle.Golden
	var worst float64
	for _, h := range e.bundle.Heads {
		want, got := golden.Logits[h.Name], outputs[e.output(h.Name)]
		largest := magnitude(want)
		for i := range want {
			difference := math.Abs(float64(got[i])-float64(want[i])) / largest
			if difference > float64(golden.Tolerance) {
				return 0, fmt.Errorf("%w: head %s, logit %d is %v, want %v within %.1e of the largest", ErrSelfTest, h.Name, i, got[i], want[i], golden.Tolerance)
			}
			worst = max(worst, difference)
		}
	}
	return worst, nil
}

// try runs x once and refuses what cannot be an answer.
func (e *Engine) try(s device.Session, x []float32) (outputs [][]float32, err error) {
	defer func() {
		if v := recover(); v != nil {
			outputs, err = nil, fmt.Errorf("running: %v", v)
		}
	}()
	outputs, err = s.Run(x)
	if err != nil {
		return nil, err
	}
	p := e.bundle.Plan
	if len(outputs) != len(p.Outputs) {
		return nil, fmt.Errorf("%d outputs, want %d", len(outputs), len(p.Outputs))
	}
	for i, o := range p.Outputs {
		if want := p.Values[o.Value].Len(); len(outputs[i]) != want {
			return nil, fmt.Errorf("output %s has %d values, want %d", o.Name, len(outputs[i]), want)
		}
		if magnitude(outputs[i]) == 0 { // a network's logits never are; a memory that nobody wrote is
			return nil, fmt.Errorf("%w: output %s", ErrZeros, o.Name)
		}
		for j, v := range outputs[i] {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("%w: output %s, value %d is %v", ErrNotFinite, o.Name, j, v)
			}
		}
	}
	return outputs, nil
}

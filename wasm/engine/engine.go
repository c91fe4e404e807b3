// Package engine answers pictures with logits: it verifies a packed model,
// lets each device prove itself on the model's golden input before it may
// answer, keeps the first that passes and says why that one. A device that
// fails later is prepared again, then replaced; the picture in hand is not lost.
package engine

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/tensor"
)

// Errors that a screen must explain; a model whose bytes are wrong is
// bundle.ErrCorrupt, one that makes no sense bundle.ErrMalformed.
var (
	ErrNoDevice   = errors.New("no device can run the model")
	ErrSelfTest   = errors.New("self-test failed")
	ErrNotFinite  = errors.New("device returned numbers that are not finite")
	ErrZeros      = errors.New("device returned nothing but zeros")
	ErrNoHead     = errors.New("the model has no such head")
	ErrPreprocess = errors.New("the model asks for a preprocessing that is not known")
	ErrNoGolden   = errors.New("the model has no usable self-test")
)

// Stage is a part of Load, for a progress display.
type Stage string

// Stages, in order; Compile and SelfTest come once for each device tried.
const (
	Compile  Stage = "compile"
	Verify   Stage = "verify"
	SelfTest Stage = "self-test"
)

// centreCrop is the one value of bundle.Preprocess.Resize that there is.
const centreCrop = "centre-crop"

// Candidate is a device that may answer.
type Candidate struct {
	Title string // as Why names it, e.g. "WebGPU"
	New   func() (device.Device, error)
	// Again opens it with less, once it has failed in a run; nil is New.
	Again func() (device.Device, error)
	// Doubted devices are checked by a witness now and then.
	Doubted bool
}

// Options of Load.
type Options struct {
	Candidates []Candidate // tried in this order
	Witnesses  []Candidate // check the doubted ones: the first that can
	Progress   func(Stage) // may be nil
}

// Engine is a loaded model on the device that answers now. Its methods may be
// called from several goroutines.
type Engine struct {
	bundle     *bundle.Bundle
	candidates []Candidate
	progress   func(Stage)
	golden     []float32
	verify     func() error // once all has arrived: is it the file that was asked for
	damaged    bool         // it is not

	// mu is held for reading during each run, so that a session is never
	// closed under one.
	mu     sync.RWMutex
	active *active  // nil where no device is left
	why    []string // what each device tried so far came to

	testimony sync.Mutex // guards what follows
	witnesses []Candidate
	absent    int            // of them could not serve
	witness   device.Session // nil until it is needed
}

// Inference is the answer of one head to one picture.
type Inference struct {
	Head     bundle.Head
	Logits   []float32
	Device   string        // name of the device that ran
	Describe string        // what it runs on
	Again    string        // why the picture was run more than once, if it was
	Run      time.Duration // the network alone
}

// Load reads file and puts it on the first candidate that passes its self-test.
// A file that still arrives is prepared as it comes; nothing of it runs before
// all of it is found to be what m describes. The engine keeps the file: a device
// that fails is prepared from it again.
func Load(file bundle.File, m bundle.Manifest, o Options) (*Engine, error) {
	e := &Engine{candidates: o.Candidates, witnesses: o.Witnesses, progress: o.Progress}
	if e.progress == nil {
		e.progress = func(Stage) {}
	}
	e.verify = sync.OnceValue(func() error {
		e.progress(Verify)
		return bundle.Verify(file, m)
	})
	b, err := bundle.Open(file)
	if err == nil {
		err = usable(b)
	}
	if err != nil {
		// What is wrong with a damaged file is that it is damaged.
		if damage := e.verify(); damage != nil {
			return nil, damage
		}
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	e.bundle = b
	e.golden = bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size)
	if err := e.start(0, false, nil); err != nil {
		if damage := e.verify(); damage != nil {
			return nil, damage
		}
		return nil, err
	}
	e.progress = func(Stage) {} // a device replaced later is no part of loading
	return e, nil
}

// usable reports a valid bundle that this engine nevertheless cannot serve.
func usable(b *bundle.Bundle) error {
	if b.Preprocess.Resize != centreCrop {
		return fmt.Errorf("%w: %q, want %q", ErrPreprocess, b.Preprocess.Resize, centreCrop)
	}
	if t := b.Golden.Tolerance; !(t > 0) {
		return fmt.Errorf("%w: tolerance %v", ErrNoGolden, t)
	}
	for _, h := range b.Heads {
		if magnitude(b.Golden.Logits[h.Name]) == 0 {
			return fmt.Errorf("%w: no golden logits of head %s", ErrNoGolden, h.Name)
		}
	}
	return nil
}

// Bundle is the model that was loaded; it is not to be changed.
func (e *Engine) Bundle() *bundle.Bundle { return e.bundle }

// Device returns the name and description of the device that answers now, or
// empty strings where none is left.
func (e *Engine) Device() (name, describe string) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.active == nil {
		return "", ""
	}
	return e.active.device.Name(), e.active.device.Describe()
}

// Why tells in words what each device that was tried came to, and so why the
// present one answers.
func (e *Engine) Why() string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return strings.Join(e.why, "; ")
}

// Close frees what the device holds; a later Infer would start it again.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop()
}

// Infer brings a picture to the network's input and runs it. head "" is the
// model's first.
func (e *Engine) Infer(picture tensor.RGB8, head string) (Inference, error) {
	pre := e.bundle.Preprocess
	return e.InferInput(tensor.Input(picture, pre.Size, pre.Mean, pre.Std), head)
}

// InferInput runs what tensor.Input made of a picture, by the bundle's
// preprocessing.
func (e *Engine) InferInput(x []float32, head string) (Inference, error) {
	h, output, err := e.head(head)
	if err != nil {
		return Inference{}, err
	}
	outputs, answer, err := e.run(x)
	if err != nil {
		return Inference{}, err
	}
	answer.Head, answer.Logits = h, outputs[output]
	return answer, nil
}

// HasHead returns ErrNoHead where Infer would.
func (e *Engine) HasHead(name string) error {
	_, _, err := e.head(name)
	return err
}

// head finds a head and the plan's output that holds its logits.
func (e *Engine) head(name string) (bundle.Head, int, error) {
	if name == "" {
		name = e.bundle.Heads[0].Name
	}
	for _, h := range e.bundle.Heads {
		if h.Name == name {
			return h, e.output(name), nil
		}
	}
	return bundle.Head{}, 0, fmt.Errorf("%w: %q", ErrNoHead, name)
}

// output is the index among the plan's outputs of a head, which
// bundle.Validate has seen to be there.
func (e *Engine) output(head string) int {
	for i, o := range e.bundle.Plan.Outputs {
		if o.Name == head {
			return i
		}
	}
	return -1
}

// magnitude is the largest absolute value.
func magnitude(x []float32) float64 {
	var m float64
	for _, v := range x {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

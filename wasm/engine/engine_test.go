package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/engine"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

const (
	size   = 8
	within = 1e-3 // the bundle holds the weights in 8 bits
)

// model is a network small enough to check by hand: the mean of each channel,
// and two dense heads on it.
func model(t *testing.T, change func(*bundle.Bundle)) ([]byte, bundle.Manifest) {
	t.Helper()
	n := plan.None
	b := &bundle.Bundle{
		Version: "test", Network: "means",
		Heads: []bundle.Head{
			{Name: "smear", Classes: []bundle.Class{{Name: "Red"}, {Name: "Green"}, {Name: "Blue"}}},
			{Name: "drawn", Demonstration: true, Classes: []bundle.Class{{Name: "Dark"}, {Name: "Light"}}},
		},
		Preprocess: bundle.Preprocess{Size: size, Resize: "centre-crop", Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.25, 0.25, 0.25}},
		Plan: &plan.Plan{
			Values:  []plan.Value{{Name: "x", H: size, W: size, C: 3, Buffer: 0}, {Name: "mean", H: 1, W: 1, C: 3, Buffer: 1}, {Name: "smear", H: 1, W: 1, C: 3, Buffer: 2}, {Name: "drawn", H: 1, W: 1, C: 2, Buffer: 3}},
			Buffers: []int{size * size * 3, 3, 3, 2},
			Steps: []plan.Step{
				{Op: plan.Pool, Name: "pool", Pool: pool.Avg, In: 0, Gate: n, Residual: n, Out: 1, W: n, B: n, W2: n, B2: n},
				{Op: plan.Dense, Name: "smear", In: 1, Gate: n, Residual: n, Out: 2, W: 0, B: 1, W2: n, B2: n},
				{Op: plan.Dense, Name: "drawn", In: 1, Gate: n, Residual: n, Out: 3, W: 2, B: 3, W2: n, B2: n},
			},
			// Not in the order of the heads.
			Outputs: []plan.Output{{Name: "drawn", Value: 3}, {Name: "smear", Value: 2}},
			Weights: []tensor.Float32{
				{Name: "smear.w", Shape: []int{3, 3}, Data: []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}},
				{Name: "smear.b", Shape: []int{3}, Data: []float32{0, 0, 0.5}},
				{Name: "drawn.w", Shape: []int{3, 2}, Data: []float32{-1, 1, -1, 1, -1, 1}},
				{Name: "drawn.b", Shape: []int{2}, Data: []float32{0, 0}},
			},
		},
		Golden: bundle.Golden{Seed: 3, Tolerance: 1e-3},
	}
	smear, drawn := heads(b.Plan, bundle.GoldenInput(3, size))
	b.Golden.Logits = map[string][]float32{"smear": smear, "drawn": drawn}
	if change != nil {
		change(b)
	}
	var file bytes.Buffer
	if err := bundle.Write(&file, b); err != nil {
		t.Fatal(err)
	}
	m := bundle.Seal(file.Bytes())
	m.File = "means.blm"
	return file.Bytes(), m
}

// heads computes the model by hand from a plan's weights.
func heads(p *plan.Plan, x []float32) (smear, drawn []float32) {
	var mean [3]float64
	for i, v := range x {
		mean[i%3] += float64(v) / (size * size)
	}
	dense := func(w, b []float32) []float32 {
		y := slices.Clone(b)
		for i := range w {
			y[i%len(b)] += float32(mean[i/len(b)]) * w[i]
		}
		return y
	}
	return dense(p.Weights[0].Data, p.Weights[1].Data), dense(p.Weights[2].Data, p.Weights[3].Data)
}

// fake is a device that computes the model by hand and fails as told.
type fake struct {
	name string
	// fault is asked before each run of any session, counted from 1; unless it
	// is nil, its answer decides what the run returns.
	fault func(run int) *fault
	open  error // of New

	mu           sync.Mutex
	runs         int
	opened, live int
}

type fault struct {
	err     error
	change  func(outputs [][]float32) [][]float32
	panicAs string
}

func (f *fake) candidate() engine.Candidate {
	return engine.Candidate{Title: strings.ToUpper(f.name), New: func() (device.Device, error) {
		if f.open != nil {
			return nil, f.open
		}
		return f, nil
	}}
}

func (f *fake) Name() string     { return f.name }
func (f *fake) Describe() string { return "a fake " + f.name }

func (f *fake) Prepare(p *plan.Plan) (device.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	f.live++
	return &session{device: f, plan: p}, nil
}

type session struct {
	device *fake
	plan   *plan.Plan
	closed bool
}

func (s *session) Close() {
	s.device.mu.Lock()
	defer s.device.mu.Unlock()
	s.closed = true
	s.device.live--
}

func (s *session) Run(x []float32) ([][]float32, error) {
	s.device.mu.Lock()
	closed := s.closed
	s.device.runs++
	var broken *fault
	if s.device.fault != nil {
		broken = s.device.fault(s.device.runs)
	}
	s.device.mu.Unlock()
	if closed {
		return nil, errors.New("run on a closed session")
	}
	smear, drawn := heads(s.plan, x)
	outputs := [][]float32{drawn, smear}
	switch {
	case broken == nil:
		return outputs, nil
	case broken.panicAs != "":
		panic(broken.panicAs)
	case broken.change != nil:
		return broken.change(outputs), nil
	}
	return nil, broken.err
}

var errLost = errors.New("device lost")

// between fails each run from the n-th to the m-th.
func between(n, m int, with fault) func(int) *fault {
	return func(run int) *fault {
		if run >= n && run <= m {
			return &with
		}
		return nil
	}
}

func notNumbers(outputs [][]float32) [][]float32 {
	outputs[1][2] = float32(math.NaN())
	return outputs
}

func candidates(devices ...*fake) []engine.Candidate {
	var c []engine.Candidate
	for _, d := range devices {
		c = append(c, d.candidate())
	}
	return c
}

// picture has one colour: logits are then known without any device.
func picture(r, g, b uint8) tensor.RGB8 {
	p := tensor.NewRGB8(size, size)
	for i := range p.Pix {
		p.Pix[i] = [3]uint8{r, g, b}[i%3]
	}
	return p
}

func checkPicture(t *testing.T, e *engine.Engine, device string) {
	t.Helper()
	got, err := e.Infer(picture(255, 0, 102), "")
	if err != nil {
		t.Fatal(err)
	}
	// (1-0.5)/0.25 = 2, -2, (0.4-0.5)/0.25+0.5 = 0.1
	for i, want := range []float64{2, -2, 0.1} {
		if math.Abs(float64(got.Logits[i])-want) > within {
			t.Errorf("logits %v, want 2 -2 0.1", got.Logits)
			break
		}
	}
	if got.Device != device || got.Head.Name != "smear" {
		t.Errorf("head %s on %s, want smear on %s", got.Head.Name, got.Device, device)
	}
}

func TestLoad(t *testing.T) {
	file, m := model(t, nil)
	gpu, cpu := &fake{name: "gpu"}, &fake{name: "cpu"}
	var stages []engine.Stage
	e, err := engine.Load(file, m, engine.Options{Candidates: candidates(gpu, cpu), Progress: func(s engine.Stage) { stages = append(stages, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if want := []engine.Stage{engine.Verify, engine.Compile, engine.SelfTest}; !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
	if name, describe := e.Device(); name != "gpu" || describe != "a fake gpu" || !strings.Contains(e.Why(), "GPU passed its self-test") {
		t.Errorf("%s (%s): %s", name, describe, e.Why())
	}
	checkPicture(t, e, "gpu")
	drawn, err := e.Infer(picture(255, 0, 102), "drawn")
	if err != nil || len(drawn.Logits) != 2 || math.Abs(float64(drawn.Logits[1])+0.4) > within || !drawn.Head.Demonstration {
		t.Errorf("drawn: %+v, %v; want a light logit of -0.4", drawn, err)
	}
	if _, err := e.Infer(picture(1, 2, 3), "other"); !errors.Is(err, engine.ErrNoHead) {
		t.Errorf("%v, want that the head does not exist", err)
	}
	if cpu.opened != 0 {
		t.Error("the second candidate was prepared without need")
	}
	e.Close()
	if gpu.live != 0 {
		t.Errorf("%d sessions left open", gpu.live)
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*bundle.Bundle)
		bytes  func([]byte) []byte
		want   error
	}{
		{"one flipped byte", nil, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, bundle.ErrCorrupt},
		{"cut", nil, func(b []byte) []byte { return b[:len(b)-1] }, bundle.ErrCorrupt},
		{"another preprocessing", func(b *bundle.Bundle) { b.Preprocess.Resize = "squeeze" }, nil, engine.ErrPreprocess},
		{"no golden logits", func(b *bundle.Bundle) { delete(b.Golden.Logits, "drawn") }, nil, engine.ErrNoGolden},
		{"no tolerance", func(b *bundle.Bundle) { b.Golden.Tolerance = 0 }, nil, engine.ErrNoGolden},
		{"golden logits of another model", func(b *bundle.Bundle) { b.Golden.Logits["drawn"][0] += 0.1 }, nil, engine.ErrNoDevice},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := model(t, tt.change)
			if tt.bytes != nil {
				file = tt.bytes(file)
			}
			cpu := &fake{name: "cpu"}
			_, err := engine.Load(file, m, engine.Options{Candidates: candidates(cpu)})
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if cpu.live != 0 {
				t.Errorf("%d sessions left open", cpu.live)
			}
		})
	}
	t.Run("not a bundle", func(t *testing.T) {
		m := bundle.Seal([]byte("text"))
		if _, err := engine.Load([]byte("text"), m, engine.Options{}); !errors.Is(err, bundle.ErrMalformed) {
			t.Errorf("%v, want %v", err, bundle.ErrMalformed)
		}
	})
	t.Run("no candidates", func(t *testing.T) {
		file, m := model(t, nil)
		if _, err := engine.Load(file, m, engine.Options{}); !errors.Is(err, engine.ErrNoDevice) {
			t.Errorf("%v, want %v", err, engine.ErrNoDevice)
		}
	})
}

// A first candidate that may not answer: the second does, and Why tells what
// was wrong with the first.
func TestFallbackOnLoad(t *testing.T) {
	always := func(f fault) func(int) *fault { return between(1, math.MaxInt, f) }
	tests := []struct {
		name string
		gpu  *fake
		why  string
	}{
		{"absent", &fake{open: fmt.Errorf("%w: no adapter", device.ErrUnavailable)}, "no adapter"},
		{"lost", &fake{fault: always(fault{err: errLost})}, "device lost"},
		{"wrong by one percent", &fake{fault: always(fault{change: func(o [][]float32) [][]float32 {
			o[1][0] *= 1.01
			o[1][0] += 0.01
			return o
		}})}, "logit 0"},
		{"not a number", &fake{fault: always(fault{change: notNumbers})}, "not finite"},
		{"an output missing", &fake{fault: always(fault{change: func(o [][]float32) [][]float32 { return o[:1] }})}, "1 outputs"},
		{"an output short", &fake{fault: always(fault{change: func(o [][]float32) [][]float32 { return [][]float32{o[0], o[1][:2]} }})}, "2 values"},
		{"panics", &fake{fault: always(fault{panicAs: "JavaScript error"})}, "JavaScript error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := model(t, nil)
			tt.gpu.name = "gpu"
			e, err := engine.Load(file, m, engine.Options{Candidates: candidates(tt.gpu, &fake{name: "cpu"})})
			if err != nil {
				t.Fatal(err)
			}
			if why := e.Why(); !strings.HasPrefix(why, "GPU: ") || !strings.Contains(why, tt.why) || !strings.Contains(why, "CPU passed its self-test") {
				t.Errorf("why: %s", why)
			}
			checkPicture(t, e, "cpu")
			if tt.gpu.live != 0 {
				t.Errorf("%d sessions of the refused device left open", tt.gpu.live)
			}
		})
	}
}

// Devices that fail after their self-test, in the middle of pictures. Run 1 is
// the self-test, run 2 the first picture.
func TestFailureWhileRunning(t *testing.T) {
	tests := []struct {
		name   string
		fault  func(int) *fault
		device string // that answers the picture
		opened int    // sessions of the first device
		why    []string
	}{
		{"lost once: prepared again", between(2, 2, fault{err: errLost}), "gpu", 2, []string{"GPU failed (device lost)", "GPU passed"}},
		{"not a number once", between(2, 2, fault{change: notNumbers}), "gpu", 2, []string{"GPU failed", "not finite", "GPU passed"}},
		{"panics once", between(2, 2, fault{panicAs: "JavaScript error"}), "gpu", 2, []string{"JavaScript error", "GPU passed"}},
		{"lost for good", between(2, math.MaxInt, fault{err: errLost}), "cpu", 2, []string{"GPU failed (device lost)", "self-test failed", "CPU passed"}},
		// 1 self-test, 2 picture fails, 3 self-test, 4 the picture fails again
		{"passes its self-test and fails each picture", func(run int) *fault {
			if run%2 == 0 {
				return &fault{err: errLost}
			}
			return nil
		}, "cpu", 2, []string{"GPU failed (device lost)", "CPU passed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := model(t, nil)
			gpu := &fake{name: "gpu", fault: tt.fault}
			e, err := engine.Load(file, m, engine.Options{Candidates: candidates(gpu, &fake{name: "cpu"})})
			if err != nil {
				t.Fatal(err)
			}
			checkPicture(t, e, tt.device)
			checkPicture(t, e, tt.device)
			for _, w := range tt.why {
				if !strings.Contains(e.Why(), w) {
					t.Errorf("why: %q, want %q in it", e.Why(), w)
				}
			}
			if gpu.opened != tt.opened {
				t.Errorf("%d sessions were opened, want %d", gpu.opened, tt.opened)
			}
			if want := map[string]int{"gpu": 1}[tt.device]; gpu.live != want {
				t.Errorf("%d sessions of the first device open, want %d", gpu.live, want)
			}
		})
	}
}

// All devices gone: the picture is refused, and the next one gets a new chance.
func TestAllDevicesFail(t *testing.T) {
	file, m := model(t, nil)
	cpu := &fake{name: "cpu", fault: between(2, 3, fault{err: errLost})}
	e, err := engine.Load(file, m, engine.Options{Candidates: candidates(cpu)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Infer(picture(1, 2, 3), ""); !errors.Is(err, engine.ErrNoDevice) {
		t.Errorf("%v, want %v", err, engine.ErrNoDevice)
	}
	if name, _ := e.Device(); name != "" {
		t.Errorf("device %s, want none", name)
	}
	checkPicture(t, e, "cpu")
}

// Many pictures at once while the device comes and goes: each gets its own
// answer, and no run ever meets a closed session.
func TestConcurrent(t *testing.T) {
	file, m := model(t, nil)
	gpu := &fake{name: "gpu", fault: func(run int) *fault {
		if run%17 == 0 {
			return &fault{err: errLost}
		}
		return nil
	}}
	cpu := &fake{name: "cpu"}
	e, err := engine.Load(file, m, engine.Options{Candidates: candidates(gpu, cpu)})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				v := uint8(5*j + i)
				got, err := e.Infer(picture(v, 0, 0), "smear")
				if want := (float64(v)/255 - 0.5) / 0.25; err != nil || math.Abs(float64(got.Logits[0])-want) > within {
					t.Errorf("value %d: %v, %v", v, got.Logits, err)
				}
			}
		})
	}
	wg.Wait()
	e.Close()
	if gpu.live+cpu.live != 0 {
		t.Errorf("%d sessions left open", gpu.live+cpu.live)
	}
}

package engine_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/engine"
	"blastlens/wasm/engine/enginetest"
	"blastlens/wasm/tensor"
)

var errLost = errors.New("device lost")

func notNumbers(outputs [][]float32) [][]float32 {
	outputs[1][2] = float32(math.NaN())
	return outputs
}

func zeros(outputs [][]float32) [][]float32 {
	clear(outputs[1])
	return outputs
}

// wrong is finite, plausible, and not what the network says.
func wrong(outputs [][]float32) [][]float32 {
	outputs[1][0], outputs[1][1] = outputs[1][1], outputs[1][0]
	return outputs
}

func candidates(devices ...*enginetest.Device) []engine.Candidate {
	var c []engine.Candidate
	for _, d := range devices {
		c = append(c, d.Candidate())
	}
	return c
}

// picture has one colour: logits are then known without any device.
func picture(r, g, b uint8) tensor.RGB8 {
	p := tensor.NewRGB8(enginetest.Size, enginetest.Size)
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
	// (1-0.5)/0.25 = 2, -2, (0.4-0.5)/0.25 = -0.4
	for i, want := range []float64{2, -2, -0.4} {
		if math.Abs(float64(got.Logits[i])-want) > enginetest.Within {
			t.Errorf("logits %v, want 2 -2 -0.4", got.Logits)
			break
		}
	}
	if got.Device != device || got.Head.Name != "tint" {
		t.Errorf("head %s on %s, want tint on %s", got.Head.Name, got.Device, device)
	}
}

func TestLoad(t *testing.T) {
	file, m := enginetest.Model(t, nil)
	gpu, cpu := &enginetest.Device{Title: "GPU"}, &enginetest.Device{Title: "CPU"}
	var stages []engine.Stage
	e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(gpu, cpu), Progress: func(s engine.Stage) { stages = append(stages, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if want := []engine.Stage{engine.Compile, engine.Verify, engine.SelfTest}; !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
	if name, describe := e.Device(); name != "gpu" || describe != "a test's gpu" || !strings.Contains(e.Why(), "GPU passed its self-test") {
		t.Errorf("%s (%s): %s", name, describe, e.Why())
	}
	checkPicture(t, e, "gpu")
	drawn, err := e.Infer(picture(255, 0, 102), "drawn")
	if err != nil || len(drawn.Logits) != 2 || math.Abs(float64(drawn.Logits[1])+0.4) > enginetest.Within || !drawn.Head.Demonstration {
		t.Errorf("drawn: %+v, %v; want a light logit of -0.4", drawn, err)
	}
	if _, err := e.Infer(picture(1, 2, 3), "other"); !errors.Is(err, engine.ErrNoHead) {
		t.Errorf("%v, want that the head does not exist", err)
	}
	if opened, _ := cpu.Sessions(); opened != 0 {
		t.Error("the second candidate was prepared without need")
	}
	e.Close()
	if _, live := gpu.Sessions(); live != 0 {
		t.Errorf("%d sessions left open", live)
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
			file, m := enginetest.Model(t, tt.change)
			if tt.bytes != nil {
				file = tt.bytes(file)
			}
			cpu := &enginetest.Device{Title: "CPU"}
			_, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(cpu)})
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if _, live := cpu.Sessions(); live != 0 {
				t.Errorf("%d sessions left open", live)
			}
		})
	}
	t.Run("not a bundle", func(t *testing.T) {
		m := bundle.Seal([]byte("text"))
		if _, err := engine.Load(bundle.Bytes("text"), m, engine.Options{}); !errors.Is(err, bundle.ErrMalformed) {
			t.Errorf("%v, want %v", err, bundle.ErrMalformed)
		}
	})
	t.Run("no candidates", func(t *testing.T) {
		file, m := enginetest.Model(t, nil)
		if _, err := engine.Load(bundle.Bytes(file), m, engine.Options{}); !errors.Is(err, engine.ErrNoDevice) {
			t.Errorf("%v, want %v", err, engine.ErrNoDevice)
		}
	})
}

// coming is a file of which the bytes after the first have yet to arrive.
type coming struct {
	bundle.Bytes
	breaks error // instead of the last quarter
	reads  int
}

func (c *coming) Fill(to []byte, at int64) error {
	c.reads++
	if c.breaks != nil && at+int64(len(to)) > c.Size()*3/4 {
		return c.breaks
	}
	return c.Bytes.Fill(to, at)
}

func (c *coming) SHA256() ([32]byte, error) {
	if c.breaks != nil {
		return [32]byte{}, c.breaks
	}
	return c.Bytes.SHA256()
}

// A file is prepared while it arrives, but nothing of it runs before it is whole
// and the right one; what is wrong with it then is no device's fault.
func TestLoadArriving(t *testing.T) {
	errLine := errors.New("the line broke")
	tests := []struct {
		name  string
		spoil func(*coming)
		want  error
	}{
		{"whole", func(*coming) {}, nil},
		{"a damaged weight", func(c *coming) { c.Bytes[len(c.Bytes)-2] ^= 1 }, bundle.ErrCorrupt},
		{"a damaged header", func(c *coming) { c.Bytes[20] ^= 1 }, bundle.ErrCorrupt},
		{"a line that breaks", func(c *coming) { c.breaks = errLine }, errLine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, m := enginetest.Model(t, nil)
			file := &coming{Bytes: data}
			tt.spoil(file)
			ran := 0
			counted := func(device *enginetest.Device) *enginetest.Device {
				device.Fault = func(int) *enginetest.Fault { ran++; return nil }
				return device
			}
			gpu, cpu := counted(&enginetest.Device{Title: "GPU"}), counted(&enginetest.Device{Title: "CPU"})
			e, err := engine.Load(file, m, engine.Options{Candidates: candidates(gpu, cpu)})
			if !errors.Is(err, tt.want) || errors.Is(err, engine.ErrNoDevice) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if tt.want == nil {
				checkPicture(t, e, "gpu")
				return
			}
			if opened, _ := cpu.Sessions(); ran != 0 || opened != 0 {
				t.Errorf("ran %d times, the second device was prepared %d times", ran, opened)
			}
			if _, live := gpu.Sessions(); live != 0 {
				t.Errorf("%d sessions left open", live)
			}
		})
	}
}

// A first candidate that may not answer: the second does, and Why tells what
// was wrong with the first.
func TestFallbackOnLoad(t *testing.T) {
	always := func(f enginetest.Fault) func(int) *enginetest.Fault { return enginetest.Between(1, math.MaxInt, f) }
	tests := []struct {
		name string
		gpu  *enginetest.Device
		why  string
	}{
		{"absent", &enginetest.Device{Open: fmt.Errorf("%w: no adapter", device.ErrUnavailable)}, "no adapter"},
		{"lost", &enginetest.Device{Fault: always(enginetest.Fault{Err: errLost})}, "device lost"},
		{"wrong by one percent", &enginetest.Device{Fault: always(enginetest.Fault{Change: func(o [][]float32) [][]float32 {
			o[1][0] *= 1.01
			o[1][0] += 0.01
			return o
		}})}, "logit 0"},
		{"not a number", &enginetest.Device{Fault: always(enginetest.Fault{Change: notNumbers})}, "not finite"},
		{"an output missing", &enginetest.Device{Fault: always(enginetest.Fault{Change: func(o [][]float32) [][]float32 { return o[:1] }})}, "1 outputs"},
		{"an output short", &enginetest.Device{Fault: always(enginetest.Fault{Change: func(o [][]float32) [][]float32 { return [][]float32{o[0], o[1][:2]} }})}, "2 values"},
		{"panics", &enginetest.Device{Fault: always(enginetest.Fault{Panic: "JavaScript error"})}, "JavaScript error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := enginetest.Model(t, nil)
			tt.gpu.Title = "GPU"
			e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(tt.gpu, &enginetest.Device{Title: "CPU"})})
			if err != nil {
				t.Fatal(err)
			}
			if why := e.Why(); !strings.HasPrefix(why, "GPU: ") || !strings.Contains(why, tt.why) || !strings.Contains(why, "CPU passed its self-test") {
				t.Errorf("why: %s", why)
			}
			checkPicture(t, e, "cpu")
			if _, live := tt.gpu.Sessions(); live != 0 {
				t.Errorf("%d sessions of the refused device left open", live)
			}
		})
	}
}

// Devices that fail after their self-test, in the middle of pictures. Run 1 is
// the self-test, run 2 the first picture.
func TestFailureWhileRunning(t *testing.T) {
	tests := []struct {
		name   string
		fault  func(int) *enginetest.Fault
		device string // that answers the picture
		opened int    // sessions of the first device
		why    []string
	}{
		{"lost once: prepared again", enginetest.Between(2, 2, enginetest.Fault{Err: errLost}), "gpu", 2, []string{"GPU failed (device lost)", "GPU passed"}},
		{"not a number once", enginetest.Between(2, 2, enginetest.Fault{Change: notNumbers}), "gpu", 2, []string{"GPU failed", "not finite", "GPU passed"}},
		{"zeros once", enginetest.Between(2, 2, enginetest.Fault{Change: zeros}), "gpu", 2, []string{"GPU failed", "nothing but zeros", "GPU passed"}},
		{"panics once", enginetest.Between(2, 2, enginetest.Fault{Panic: "JavaScript error"}), "gpu", 2, []string{"JavaScript error", "GPU passed"}},
		{"lost for good", enginetest.Between(2, math.MaxInt, enginetest.Fault{Err: errLost}), "cpu", 2, []string{"GPU failed (device lost)", "self-test failed", "CPU passed"}},
		// 1 self-test, 2 picture fails, 3 self-test, 4 the picture fails again
		{"passes its self-test and fails each picture", func(run int) *enginetest.Fault {
			if run%2 == 0 {
				return &enginetest.Fault{Err: errLost}
			}
			return nil
		}, "cpu", 2, []string{"GPU failed (device lost)", "CPU passed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := enginetest.Model(t, nil)
			gpu := &enginetest.Device{Title: "GPU", Fault: tt.fault}
			e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(gpu, &enginetest.Device{Title: "CPU"})})
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
			opened, live := gpu.Sessions()
			if opened != tt.opened {
				t.Errorf("%d sessions were opened, want %d", opened, tt.opened)
			}
			if want := map[string]int{"gpu": 1}[tt.device]; live != want {
				t.Errorf("%d sessions of the first device open, want %d", live, want)
			}
		})
	}
}

// A doubted device passes its self-test and is wrong about pictures: a witness
// finds out at the first, and at one in 64 after it.
func TestWitness(t *testing.T) {
	// The self-test is run 1, the first picture run 2.
	tests := []struct {
		name    string
		fault   func(int) *enginetest.Fault
		witness *enginetest.Device
		caught  int // the picture that another device answers; 0: none
		opened  int // sessions of the witness
	}{
		{"right", nil, &enginetest.Device{Title: "Witness"}, 0, 1},
		{"wrong from the first picture on", enginetest.Between(2, math.MaxInt, enginetest.Fault{Change: wrong}), &enginetest.Device{Title: "Witness"}, 1, 1},
		{"wrong later", enginetest.Between(30, math.MaxInt, enginetest.Fault{Change: wrong}), &enginetest.Device{Title: "Witness"}, 65, 1},
		{"no witness", enginetest.Between(2, math.MaxInt, enginetest.Fault{Change: wrong}), &enginetest.Device{Title: "Witness", Open: errors.New("absent")}, 0, 0},
		{"a witness that fails", enginetest.Between(2, math.MaxInt, enginetest.Fault{Change: wrong}), &enginetest.Device{Title: "Witness", Fault: enginetest.Between(2, 2, enginetest.Fault{Err: errLost})}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := enginetest.Model(t, nil)
			gpu := (&enginetest.Device{Title: "GPU", Fault: tt.fault}).Candidate()
			gpu.Doubted = true
			e, err := engine.Load(bundle.Bytes(file), m, engine.Options{
				Candidates: append([]engine.Candidate{gpu}, candidates(&enginetest.Device{Title: "CPU"})...), Witnesses: candidates(tt.witness)})
			if err != nil {
				t.Fatal(err)
			}
			caught := 0
			for n := 1; n <= 70 && caught == 0; n++ {
				got, err := e.Infer(picture(255, 0, 102), "")
				if err != nil {
					t.Fatal(err)
				}
				if got.Device == "cpu" {
					caught = n
				}
			}
			if caught != tt.caught {
				t.Errorf("caught at picture %d, want %d", caught, tt.caught)
			}
			if tt.caught > 0 {
				checkPicture(t, e, "cpu")
				if why := e.Why(); !strings.Contains(why, "GPU failed (another device gives another answer: Witness differs by") || !strings.Contains(why, "CPU passed") {
					t.Errorf("why: %q", why)
				}
			}
			e.Close()
			if opened, live := tt.witness.Sessions(); opened != tt.opened || live != 0 {
				t.Errorf("%d sessions of the witness were opened and %d left open, want %d and 0", opened, live, tt.opened)
			}
		})
	}
}

// A device that can do with less is given less once it has failed, in its
// self-test or in a picture; the next device comes after that, and what happened
// is told with the picture.
func TestAgainWithLess(t *testing.T) {
	always := enginetest.Fault{Err: errLost}
	tests := []struct {
		name     string
		all, one func(int) *enginetest.Fault
		absent   error // of all
		device   string
		why      []string
	}{
		{"fails its self-test", enginetest.Between(1, math.MaxInt, always), nil, nil, "one",
			[]string{"All: self-test failed: device lost", "All passed its self-test (a test's one;"}},
		{"fails in a picture", enginetest.Between(2, math.MaxInt, always), nil, nil, "one",
			[]string{"All failed (device lost)", "All passed its self-test (a test's one;"}},
		{"fails in the picture with less, too", enginetest.Between(2, math.MaxInt, always), enginetest.Between(2, math.MaxInt, always), nil, "cpu",
			[]string{"All failed (device lost)", "All passed its self-test (a test's one;", "All failed (device lost)", "CPU passed its self-test (a test's cpu;"}},
		{"is not there", nil, nil, device.ErrUnavailable, "cpu", []string{"All: device unavailable", "CPU passed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, m := enginetest.Model(t, nil)
			all, one, last := &enginetest.Device{Title: "All", Fault: tt.all, Open: tt.absent}, &enginetest.Device{Title: "One", Fault: tt.one}, &enginetest.Device{Title: "CPU"}
			c := all.Candidate()
			c.Again = one.Candidate().New
			e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: []engine.Candidate{c, last.Candidate()}})
			if err != nil {
				t.Fatal(err)
			}
			loaded := e.Why()
			got, err := e.Infer(picture(255, 0, 102), "")
			if err != nil || got.Device != tt.device || got.Describe != "a test's "+tt.device {
				t.Fatalf("%s (%s), %v; want %s", got.Device, got.Describe, err, tt.device)
			}
			why := e.Why()
			if want := map[bool]string{true: why}[why != loaded]; got.Again != want {
				t.Errorf("with the picture: %q, want %q", got.Again, want)
			}
			for _, w := range tt.why {
				_, rest, ok := strings.Cut(why, w)
				if !ok {
					t.Fatalf("why: %q, want %q in %q", e.Why(), w, why)
				}
				why = rest
			}
			checkPicture(t, e, tt.device)
			if again, _ := e.Infer(picture(255, 0, 102), ""); again.Again != "" {
				t.Errorf("a picture that nothing failed in: %q", again.Again)
			}
			e.Close()
			for _, d := range []*enginetest.Device{all, one, last} {
				if opened, live := d.Sessions(); live != 0 || opened > 1 {
					t.Errorf("%s: %d sessions opened, %d left", d.Title, opened, live)
				}
			}
		})
	}
}

// All devices gone: the picture is refused, and the next one gets a new chance.
func TestAllDevicesFail(t *testing.T) {
	file, m := enginetest.Model(t, nil)
	cpu := &enginetest.Device{Title: "CPU", Fault: enginetest.Between(2, 3, enginetest.Fault{Err: errLost})}
	e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(cpu)})
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

func TestProfile(t *testing.T) {
	file, m := enginetest.Model(t, nil)
	plain := engine.Candidate{Title: "CPU", New: func() (device.Device, error) { return cpu.New(1), nil }}
	e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: []engine.Candidate{plain}})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := e.Profile(3)
	if p := e.Bundle().Plan; err != nil || len(steps) != len(p.Steps) || steps[0].Name != p.Steps[0].Name || steps[0].Shape != p.Shape(p.Steps[0]) {
		t.Errorf("%+v, %v; want the plan's %d steps", steps, err, len(p.Steps))
	}
	if e, err = engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(&enginetest.Device{Title: "GPU"})}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Profile(3); err == nil || !strings.Contains(err.Error(), "times no steps") {
		t.Errorf("a device that cannot: %v", err)
	}
}

// Many pictures at once while the device comes and goes: each gets its own
// answer, and no run ever meets a closed session.
func TestConcurrent(t *testing.T) {
	file, m := enginetest.Model(t, nil)
	gpu := &enginetest.Device{Title: "GPU", Fault: func(run int) *enginetest.Fault {
		if run%17 == 0 {
			return &enginetest.Fault{Err: errLost}
		}
		return nil
	}}
	cpu := &enginetest.Device{Title: "CPU"}
	e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: candidates(gpu, cpu)})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				v := uint8(5*j + i)
				got, err := e.Infer(picture(v, 0, 0), "tint")
				if want := (float64(v)/255 - 0.5) / 0.25; err != nil || math.Abs(float64(got.Logits[0])-want) > enginetest.Within {
					t.Errorf("value %d: %v, %v", v, got.Logits, err)
				}
			}
		})
	}
	wg.Wait()
	e.Close()
	for _, d := range []*enginetest.Device{gpu, cpu} {
		if _, live := d.Sessions(); live != 0 {
			t.Errorf("%s: %d sessions left open", d.Title, live)
		}
	}
}

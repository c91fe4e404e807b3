package webgpu

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"syscall/js"
	"testing"
	"time"

	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
)

func open(t *testing.T, opts ...Option) *gpu {
	t.Helper()
	d, err := New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d.(*gpu)
}

func TestAgainstRef(t *testing.T) {
	p := everyOperation()
	var reports []string
	d := open(t, WithProgress(func(done, total int) { reports = append(reports, fmt.Sprint(done, "/", total)) }))
	t.Log(d.Describe())
	s, ref := prepare(t, d, p), prepare(t, cpu.NewRef(), p)
	for seed := range uint32(3) { // the second run must not see the first one's values
		x := picture(p, 100+seed)
		want, err := ref.Run(x)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Run(x)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range p.Outputs {
			t.Run(fmt.Sprint(o.Name, seed), func(t *testing.T) { kerneltest.Equal(t, got[i], want[i], kerneltest.GPU) })
		}
	}
	total := len(p.Steps) + 1 // all shapes differ
	if len(reports) != total+1 || reports[0] != fmt.Sprint(0, "/", total) || reports[total] != fmt.Sprint(total, "/", total) {
		t.Errorf("progress %v, want 0/%d to %d/%d", reports, total, total, total)
	}
}

func TestConcurrentRuns(t *testing.T) {
	p := everyOperation()
	s, ref := prepare(t, open(t), p), prepare(t, cpu.NewRef(), p)
	var all sync.WaitGroup
	for i := range uint32(4) {
		all.Go(func() {
			x := picture(p, i)
			want, err := ref.Run(x)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := s.Run(x)
			if err != nil {
				t.Error(err)
				return
			}
			for o := range want {
				kerneltest.Equal(t, got[o], want[o], kerneltest.GPU)
			}
		})
	}
	all.Wait()
}

func TestTwoSessions(t *testing.T) {
	d, p := open(t), everyOperation()
	a, b := prepare(t, d, p), prepare(t, d, p)
	a.Close()
	if _, err := a.Run(picture(p, 1)); err == nil {
		t.Error("a closed session runs")
	}
	if _, err := b.Run(picture(p, 1)); err != nil {
		t.Errorf("after another session was closed: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	p := everyOperation()
	s := prepare(t, open(t), p)
	if _, err := s.Run(make([]float32, 7)); err == nil || !strings.Contains(err.Error(), "7 values") {
		t.Errorf("error %v, want one with the input's length", err)
	}
	x := picture(p, 1)
	if _, err := s.Run(x); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNotFinite(t *testing.T) {
	p := everyOperation()
	last := p.Steps[len(p.Steps)-1]
	p.Weights[last.B].Data[2] = float32(math.Inf(1))
	_, err := prepare(t, open(t), p).Run(picture(p, 1))
	if err == nil || !strings.Contains(err.Error(), "logits: value 2") {
		t.Errorf("error %v, want one that names value 2 of the logits", err)
	}
}

func TestLost(t *testing.T) {
	d, p := open(t), everyOperation()
	s := prepare(t, d, p)
	if _, err := s.Run(picture(p, 1)); err != nil {
		t.Fatal(err)
	}
	d.device.Call("destroy")
	for range 2 {
		if _, err := s.Run(picture(p, 1)); !errors.Is(err, ErrLost) {
			t.Errorf("Run: %v, want ErrLost", err)
		}
	}
	if _, err := d.Prepare(p); !errors.Is(err, ErrLost) {
		t.Errorf("Prepare: %v, want ErrLost", err)
	}
	if _, err := prepare(t, open(t), p).Run(picture(p, 1)); err != nil {
		t.Errorf("on a device opened again: %v", err)
	}
}

// A driver that never answers: the run says so, and another session answers.
func TestHangs(t *testing.T) {
	d, p := open(t), everyOperation()
	s := prepare(t, d, p)
	d.patience = 100 * time.Millisecond
	s.(*session).staging.Set("mapAsync", js.Global().Get("Function").New("return new Promise(() => {})"))
	if _, err := s.Run(picture(p, 1)); err == nil || !strings.Contains(err.Error(), "did not answer within 100 ms") {
		t.Errorf("error %v, want that the adapter did not answer", err)
	}
	d.patience = patience
	if _, err := prepare(t, d, p).Run(picture(p, 1)); err != nil {
		t.Errorf("another session: %v", err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	d, p := open(t), everyOperation()
	d.limits["maxBufferSize"] = 1000
	if _, err := d.Prepare(p); !errors.Is(err, device.ErrUnavailable) || !strings.Contains(err.Error(), "1000") {
		t.Errorf("a plan that is too large: %v, want ErrUnavailable with the limit", err)
	}
	d = open(t)
	p.Steps[2].Out = 99
	if _, err := d.Prepare(p); !errors.Is(err, plan.ErrInvalid) {
		t.Errorf("an invalid plan: %v", err)
	}
}

func TestShaderErrorsAreNamed(t *testing.T) {
	d := open(t)
	d.push()
	_, err := d.compile([]dispatch{{kernel: wgsl.Kernel{Name: "broken 3x3", Source: "@compute @workgroup_size(1)\nfn main() { let a = missing; }"}}}).await(d)
	if d.caught(d.pop()) == nil {
		t.Error("the error scopes caught nothing")
	}
	if err == nil || !strings.Contains(err.Error(), "broken 3x3") || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "missing") {
		t.Errorf("error %v, want the kernel's name, the line and the compiler's words", err)
	}
	if err := d.complaint(); err != nil {
		t.Errorf("outside of the scopes: %v", err)
	}
}

func TestUncaptured(t *testing.T) {
	d, p := open(t), everyOperation()
	s := prepare(t, d, p)
	if _, err := s.Run(picture(p, 1)); err != nil {
		t.Fatal(err)
	}
	d.device.Call("createBuffer", map[string]any{"size": 16, "usage": 0}) // no usage is invalid
	if _, err := s.Run(picture(p, 1)); err == nil {
		t.Error("an error outside of the scopes goes unnoticed")
	}
}

func TestNew(t *testing.T) {
	if s := open(t).Describe(); !strings.Contains(s, "software adapter") {
		t.Errorf("SwiftShader is described as %q", s)
	}
	object := js.Global().Get("Object")
	navigator := js.Global().Get("navigator")
	for _, c := range []struct {
		name, want string
		gpu        any
	}{
		{"no navigator.gpu", "navigator.gpu", nil},
		{"no adapter", "no adapter", map[string]any{
			"requestAdapter": js.Global().Get("Function").New("return Promise.resolve(null)"),
		}},
		{"a refusal", "not today", map[string]any{
			"requestAdapter": js.Global().Get("Function").New("return Promise.reject(new Error('not today'))"),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			object.Call("defineProperty", navigator, "gpu", map[string]any{"value": c.gpu, "configurable": true})
			defer js.Global().Get("Reflect").Call("deleteProperty", navigator, "gpu")
			if _, err := New(); !errors.Is(err, device.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want ErrUnavailable with %q", err, c.want)
			}
		})
	}
}

func TestDescribeAsFarAsTheBrowserTells(t *testing.T) {
	for _, c := range []struct {
		adapter map[string]any
		want    string
	}{
		{map[string]any{}, "unnamed adapter"},
		{map[string]any{"isFallbackAdapter": true}, "unnamed adapter (software adapter)"},
		{map[string]any{"info": map[string]any{"vendor": "v", "architecture": "a", "description": ""}}, "v a"},
		{map[string]any{"info": map[string]any{"vendor": "v", "isFallbackAdapter": true}}, "v (software adapter)"},
	} {
		if got := describe(js.ValueOf(c.adapter)); got != c.want {
			t.Errorf("%v is %q, want %q", c.adapter, got, c.want)
		}
	}
}

//go:build (linux || darwin || windows) && (amd64 || arm64)

package webgpu

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/wgsl"
	"blastlens/wasm/plan"
	shipped "blastlens/web/model"
)

// lavapipe is Mesa's software adapter, natively.
func lavapipe(t *testing.T, opts ...Option) *native {
	t.Helper()
	d, err := New(append(opts, Adapter(kerneltest.Lavapipe))...)
	if err != nil {
		t.Fatalf("%v (build/setup.sh installs it)", err)
	}
	n := d.(*native)
	t.Cleanup(n.Close)
	return n
}

func TestNativelyAgainstRef(t *testing.T) {
	p := everyOperation()
	var reports []string
	d := lavapipe(t, WithProgress(func(done, total int) { reports = append(reports, fmt.Sprint(done, "/", total)) }))
	t.Log(d.Describe())
	s, ref := prepare(t, d, p), prepare(t, cpu.NewRef(), p)
	var all sync.WaitGroup
	for seed := range uint32(4) { // several at a time; none may see another's values
		all.Go(func() {
			x := picture(p, 100+seed)
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
			for i := range want {
				kerneltest.Equal(t, got[i], want[i], kerneltest.GPU)
			}
		})
	}
	all.Wait()
	total := len(p.Steps) + 1
	if len(reports) != total+1 || reports[0] != fmt.Sprint(0, "/", total) || reports[total] != fmt.Sprint(total, "/", total) {
		t.Errorf("progress %v, want 0/%d to %d/%d", reports, total, total, total)
	}
}

// What a picture and a first picture cost: each dispatch some microseconds, each
// pipeline tens of milliseconds of a compiler.
func TestShippedIsFewDispatchesAndPipelines(t *testing.T) {
	b, err := bundle.Read(shipped.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, software := range []bool{false, true} {
		list, _, err := dispatches(b.Plan, wgsl.Target{Pictures: 1, Software: software})
		if err != nil {
			t.Fatal(err)
		}
		sources := map[string]bool{}
		for _, d := range list {
			sources[d.kernel.Source] = true
		}
		t.Logf("software %t: %d dispatches, %d pipelines", software, len(list), len(sources))
		if len(list) > 130 || len(sources) > 30 {
			t.Errorf("software %t: %d dispatches of %d pipelines, want at most 130 of 30", software, len(list), len(sources))
		}
	}
}

// The whole network that ships, against the golden logits in its file.
func TestNativelyShipped(t *testing.T) {
	b, err := bundle.Read(shipped.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	s := prepare(t, lavapipe(t), b.Plan)
	got, err := s.Run(bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size))
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range b.Plan.Outputs {
		if want, ok := b.Golden.Logits[o.Name]; ok {
			t.Log(o.Name, got[i], want)
			kerneltest.Equal(t, got[i], want, 1e-3)
		}
	}
}

func TestNativelyRefuses(t *testing.T) {
	d, p := lavapipe(t), everyOperation()
	s := prepare(t, d, p)
	if _, err := s.Run(make([]float32, 7)); err == nil || !strings.Contains(err.Error(), "7 values") {
		t.Errorf("error %v, want one with the input's length", err)
	}
	if err := fits(p, 1, 1000, "a small GPU"); !errors.Is(err, device.ErrUnavailable) || !strings.Contains(err.Error(), "a small GPU allows 1000") {
		t.Errorf("a plan that is too large: %v, want ErrUnavailable with the limit", err)
	}
	if _, err := New(Adapter("no such adapter")); !errors.Is(err, device.ErrUnavailable) || !strings.Contains(err.Error(), "no such adapter") {
		t.Errorf("an adapter that is not there: %v", err)
	}
	p.Steps[2].Out = 99
	if _, err := d.Prepare(p); !errors.Is(err, plan.ErrInvalid) {
		t.Errorf("an invalid plan: %v", err)
	}
}

func TestNativelyNotFinite(t *testing.T) {
	p := everyOperation()
	last := p.Steps[len(p.Steps)-1]
	p.Weights[last.W].Data[2] = float32(math.NaN())
	_, err := prepare(t, lavapipe(t), p).Run(picture(p, 1))
	if err == nil || !strings.Contains(err.Error(), "logits: value 2") {
		t.Errorf("error %v, want one that names value 2 of the logits", err)
	}
}

func TestNativelyLost(t *testing.T) {
	d, p := lavapipe(t), everyOperation()
	s := prepare(t, d, p)
	d.Close()
	if _, err := s.Run(picture(p, 1)); !errors.Is(err, ErrLost) {
		t.Errorf("Run: %v, want ErrLost", err)
	}
	if _, err := d.Prepare(p); !errors.Is(err, ErrLost) {
		t.Errorf("Prepare: %v, want ErrLost", err)
	}
	if _, err := prepare(t, lavapipe(t), p).Run(picture(p, 1)); err != nil {
		t.Errorf("on a device opened again: %v", err)
	}
}

// Three pictures in one run are each what they are alone.
func TestSeveralPicturesARun(t *testing.T) {
	p := everyOperation()
	together, err := New(Adapter(kerneltest.Lavapipe), Pictures(3))
	if err != nil {
		t.Fatal(err)
	}
	defer together.(Native).Close()
	s, alone := prepare(t, together, p), prepare(t, lavapipe(t), p)
	var x []float32
	for i := range 3 {
		x = append(x, picture(p, uint32(i+1))...)
	}
	got, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		want, err := alone.Run(picture(p, uint32(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		for o, w := range want {
			kerneltest.Equal(t, got[o][i*len(w):(i+1)*len(w)], w, kerneltest.GPU)
		}
	}
}

// Each step is told once, in its order, and takes some time.
func TestProfile(t *testing.T) {
	p := everyOperation()
	s := prepare(t, lavapipe(t), p)
	var told []int
	total := time.Duration(0)
	err := s.(device.Profiler).Profile(picture(p, 1), func(step int, took time.Duration) {
		told = append(told, step)
		total += took
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Steps {
		if len(told) != len(p.Steps) || told[i] != i {
			t.Fatalf("steps %v were told, want each of %d", told, len(p.Steps))
		}
	}
	if total <= 0 {
		t.Errorf("all steps together took %v", total)
	}
	if s := s.(device.Summarizer).Summary(); !strings.Contains(s, fmt.Sprintf("%d dispatches", len(p.Steps)+1)) {
		t.Errorf("summary %q", s)
	}
	for i, step := range p.Steps {
		k := s.(device.Summarizer).Kernels(i)
		if both := strings.Contains(k, "; "); both != (step.Op == plan.Squeeze && strings.HasPrefix(k, "pool")) || !strings.Contains(k, string(step.Op)) || !strings.Contains(k, " in ") {
			t.Errorf("step %d (%s) runs %q", i, step.Op, k)
		}
	}
}

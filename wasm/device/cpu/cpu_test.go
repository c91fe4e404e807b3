package cpu_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/plan"
)

func prepare(t testing.TB, d device.Device, p *plan.Plan) device.Session {
	t.Helper()
	s, err := d.Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func run(t testing.TB, s device.Session, x []float32) [][]float32 {
	t.Helper()
	y, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestAgainstRef(t *testing.T) {
	kerneltest.AssertWidth(t, lanes.Name())
	for _, c := range []struct {
		name string
		plan *plan.Plan
	}{{"small", small()}, {"b3 at 64", b3(64)}, {"b3 at 50", b3(50)}} {
		t.Run(c.name, func(t *testing.T) {
			x := kerneltest.Fill(7, c.plan.Values[c.plan.Input].Len())
			want := run(t, prepare(t, cpu.NewRef(), c.plan), x)
			for _, threads := range []int{1, 2, 5} {
				d := cpu.New(threads)
				t.Logf("runs %s", d.Describe())
				got := run(t, prepare(t, d, c.plan), x)
				for i := range want {
					kerneltest.Equal(t, got[i], want[i], 1e-4)
				}
			}
		})
	}
}

// Runs at the same time must not see each other's values.
func TestConcurrentRuns(t *testing.T) {
	p := small()
	s := prepare(t, cpu.New(2), p)
	const pictures = 4
	var xs [pictures][]float32
	var want [pictures][][]float32
	for i := range xs {
		xs[i] = kerneltest.Fill(uint32(100+i), p.Values[p.Input].Len())
		want[i] = run(t, s, xs[i])
	}
	if slices.Equal(want[0][0], want[1][0]) {
		t.Fatal("two pictures have the same logits: the test would prove nothing")
	}
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := range 20 {
				k := (caller + i) % pictures
				got, err := s.Run(xs[k])
				if err != nil {
					t.Error(err)
					return
				}
				for o := range got {
					if !slices.Equal(got[o], want[k][o]) {
						t.Errorf("picture %d, output %d: %v, alone %v", k, o, got[o], want[k][o])
					}
				}
			}
		})
	}
	callers.Wait()
}

func TestPrepareRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(p *plan.Plan)
		want  string
	}{
		{"unknown operation", func(p *plan.Plan) { p.Steps[1].Op = "softmax" }, "step 1 (softmax "},
		{"value out of range", func(p *plan.Plan) { p.Steps[2].In = 99 }, "step 2 (squeeze "},
		{"weight of another length", func(p *plan.Plan) { w := &p.Weights[p.Steps[0].W]; w.Data = w.Data[1:] }, "w0"},
		{"weight of another layer", func(p *plan.Plan) { p.Steps[3].W = p.Steps[0].W }, "step 3 (pointwise "},
		{"buffer too small", func(p *plan.Plan) { p.Buffers[0]-- }, "buffer"},
		{"kernel of 7", func(p *plan.Plan) { p.Steps[1].Kernel = 7 }, "step 1 (depthwise "},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, d := range []device.Device{cpu.New(1), cpu.NewRef()} {
				p := small()
				c.spoil(p)
				_, err := d.Prepare(p)
				if err == nil {
					t.Fatal("was accepted")
				}
				if !errors.Is(err, plan.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %q, want plan.ErrInvalid that names %q", err, c.want)
				}
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	p := small()
	s := prepare(t, cpu.New(1), p)
	if _, err := s.Run(make([]float32, 5)); err == nil || !strings.Contains(err.Error(), "21 x 27 x 3") {
		t.Errorf("an input of 5 values: error %v, want one that names 21 x 27 x 3", err)
	}
	s.Close()
	if _, err := s.Run(make([]float32, p.Values[p.Input].Len())); err == nil {
		t.Error("ran after Close")
	}
}

// What a caller was given stays as it is when the session goes on.
func TestOutputsAreTheCallers(t *testing.T) {
	p := small()
	s := prepare(t, cpu.New(1), p)
	n := p.Values[p.Input].Len()
	first := run(t, s, kerneltest.Fill(1, n))
	kept := slices.Clone(first[0])
	run(t, s, kerneltest.Fill(2, n))
	if !slices.Equal(first[0], kept) {
		t.Error("the second run changed the first run's output")
	}
}

func TestProfile(t *testing.T) {
	p := small()
	s := prepare(t, cpu.New(1), p)
	x := kerneltest.Fill(1, p.Values[p.Input].Len())
	var steps []int
	told := func(step int, took time.Duration) {
		if steps = append(steps, step); took < 0 {
			t.Errorf("step %d took %v", step, took)
		}
	}
	if err := s.(device.Profiler).Profile(x, told); err != nil {
		t.Fatal(err)
	}
	if len(steps) != len(p.Steps) || !slices.IsSorted(steps) {
		t.Errorf("told of steps %v, the plan has %d", steps, len(p.Steps))
	}
	if err := s.(device.Profiler).Profile(x[1:], told); err == nil {
		t.Error("profiled an input that is too short")
	}
}

func TestDescribe(t *testing.T) {
	kind := "Go scalar"
	if bits := lanes.Bits(); bits > 0 {
		kind = fmt.Sprintf("Go SIMD, %d-bit", bits)
	}
	if got, want := cpu.New(1).Describe(), kind+", 1 thread"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := cpu.New(1).Name(); got != "cpu" {
		t.Errorf("name %q, want cpu", got)
	}
}

func BenchmarkB3(b *testing.B) {
	p := b3(224)
	x := kerneltest.Fill(1, p.Values[p.Input].Len())
	for _, threads := range []int{1, 2} {
		d := cpu.New(threads)
		b.Run(d.Describe(), func(b *testing.B) {
			s := prepare(b, d, p)
			for b.Loop() {
				run(b, s, x)
			}
			b.ReportMetric(2*0.961*float64(b.N)/b.Elapsed().Seconds(), "GFLOP/s")
		})
	}
}

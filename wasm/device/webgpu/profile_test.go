package webgpu

import (
	"errors"
	"testing"
	"time"
)

// A clock that is exact: each submission costs 3 ms by itself, each run of a
// step's dispatches what it takes.
func TestProfileTimes(t *testing.T) {
	list := []dispatch{{step: 0}, {step: 1}, {step: 1}, {step: 2}, {step: 4}}
	costs := []time.Duration{20 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 40 * time.Millisecond, 0}
	runs, count := 0, map[int]int{} // by dispatch
	submit := func(first, end, n int) (time.Duration, error) {
		runs += n
		count[first] += n
		took := 3 * time.Millisecond
		for _, c := range costs[first:end] {
			took += time.Duration(n) * c
		}
		return took, nil
	}
	got := map[int]time.Duration{}
	if err := profile(list, submit, func(step int, took time.Duration) { got[step] = took }); err != nil {
		t.Fatal(err)
	}
	want := map[int]time.Duration{0: 20 * time.Microsecond, 1: 1500 * time.Microsecond, 2: 40 * time.Millisecond, 4: 0}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for step, took := range want {
		if got[step] != took {
			t.Errorf("step %d takes %v, want %v", step, got[step], took)
		}
	}
	if runs > 3000 { // the two of nothing have the most there may be
		t.Errorf("%d runs", runs)
	}
	if slow := count[3]; slow != 1 {
		t.Errorf("a slow step ran %d times, want once", slow)
	}
	broken := errors.New("lost")
	if err := profile(list, func(_, _, n int) (time.Duration, error) { return 0, broken }, func(int, time.Duration) { t.Error("told") }); err != broken {
		t.Errorf("error %v, want that of the submission", err)
	}
}

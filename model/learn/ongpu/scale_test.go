package ongpu

import (
	"math"
	"testing"
)

func TestScale(t *testing.T) {
	s := newScale()
	if !s.next(false, 1) || s.by != firstScale/2 {
		t.Errorf("after an overflow the scale is %v, want half of %v", s.by, firstScale)
	}
	for range patience - 1 {
		s.next(true, 1)
	}
	if s.by != firstScale/2 {
		t.Errorf("the scale is %v before %d good steps", s.by, patience)
	}
	if s.next(true, 1); s.by != firstScale {
		t.Errorf("the scale is %v after %d good steps, want %v", s.by, patience, firstScale)
	}
	for range 20 * patience {
		s.next(true, 1)
	}
	if s.by != lastScale {
		t.Errorf("the scale grew to %v, want at most %v", s.by, lastScale)
	}
	if s.next(false, math.NaN()) {
		t.Error("a loss that is not a number is skipped")
	}
	for range 40 {
		s.next(false, 1)
	}
	if s.by != 1 || s.next(false, 1) {
		t.Errorf("at a scale of %v a step is still skipped", s.by)
	}
	fixed := scale{by: 1}
	if fixed.next(false, 1) || fixed.by != 1 {
		t.Error("float32 skips a step")
	}
}

package evaluate

import (
	"math"
	"slices"
	"testing"
)

func TestConfusion(t *testing.T) {
	truth := []int{0, 0, 0, 0, 1, 1, 2}
	answer := []int{0, 0, 0, 1, 1, 0, 2}
	c := NewConfusion(4, truth, answer)
	if want := (Confusion{{3, 1, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 0}}); !slices.EqualFunc(c, want, slices.Equal) {
		t.Fatalf("confusion %v, want %v", c, want)
	}
	if got := c.Accuracy(); got != 5.0/7 {
		t.Errorf("accuracy %v, want 5/7", got)
	}
	// Class 3 has no pictures and takes no part.
	if got, want := c.Balanced(), (.75+.5+1)/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("balanced accuracy %v, want %v", got, want)
	}
	if !math.IsNaN(c.Recall(3)) {
		t.Errorf("recall of a class without pictures is %v, want NaN", c.Recall(3))
	}
}

func TestNeighbours(t *testing.T) {
	at := func(r float64) [6]float64 { return [6]float64{r} }
	colours := [][6]float64{at(0), at(1), at(2), at(10), at(11), at(12), at(1.4), at(10.6), at(5.9)}
	labels := []int{0, 0, 0, 1, 1, 1, 9, 9, 9}
	train := []int{0, 1, 2, 3, 4, 5}
	if got := Neighbours(3, colours, labels, train, []int{6, 7}); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("nearest classes %v, want [0 1]", got)
	}
	// Four neighbours of 5.9 are two of each class; the nearest, 2, decides.
	if got := Neighbours(4, colours, labels, []int{1, 2, 3, 4}, []int{8}); !slices.Equal(got, []int{0}) {
		t.Errorf("a tie gave %v, want the nearest row's class 0", got)
	}
	// More neighbours asked for than there are rows.
	if got := Neighbours(9, colours, labels, []int{0, 3, 4}, []int{6}); !slices.Equal(got, []int{1}) {
		t.Errorf("of three rows the majority is 1, got %v", got)
	}
}

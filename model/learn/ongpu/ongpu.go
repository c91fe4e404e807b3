// Package ongpu trains the network of package learn on a GPU: forward and
// backward pass, clipping, AdamW and the weights' average, step by step what the
// processor does. Of a step only logits and the gradient's norm come back.
//
// All that a training needs is planned before anything is asked of a GPU, so
// that its memory is known. The weights and all arithmetic are float32; in mixed
// precision maps and their gradients are stored in half precision, and the loss
// is scaled so that the gradients stay in its range (Micikevicius et al. 2018).
package ongpu

import (
	"errors"
	"fmt"
	"math"
)

// ErrMemory is wrapped where the adapter has no room for a batch.
var ErrMemory = errors.New("not enough memory")

// Options of Open.
type Options struct {
	Adapter string // part of its name; empty for the first hardware adapter
	Batch   int    // pictures a step
	Mixed   bool   // maps are stored in half precision
	Memory  int64  // bytes that may be taken; 0 for what the adapter gives
	Shared  int64  // bytes free in the machine, which a software adapter shares; 0 if that is not known
}

func wouldFit(batch int) string {
	if batch == 0 {
		return "no batch would fit"
	}
	return fmt.Sprintf("a batch of %d would fit", batch)
}

// scale is what the loss is multiplied by in mixed precision: halved when a
// gradient overflowed, doubled after a while without. In float32 it is 1 and stays.
type scale struct {
	by      float32
	dynamic bool
	good    int
}

const (
	firstScale, lastScale = 1 << 10, 1 << 16
	patience              = 200 // good steps before the scale doubles
)

func newScale() scale { return scale{by: firstScale, dynamic: true} }

// next looks at a step's gradient and reports whether the step is one to skip: a
// smaller scale may mend it. It does not mend a loss that is not finite itself.
func (s *scale) next(well bool, loss float64) (skip bool) {
	switch {
	case !s.dynamic:
	case well:
		if s.good++; s.good == patience {
			s.by, s.good = min(2*s.by, lastScale), 0
		}
	case !math.IsNaN(loss) && !math.IsInf(loss, 0) && s.by > 1:
		s.by, s.good = s.by/2, 0
		return true
	}
	return false
}

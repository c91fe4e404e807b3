package learn

import (
	"errors"
	"fmt"
)

// Recipe is how a network is trained. Its zero value is not one; start from a
// preset.
type Recipe struct {
	Name   string `json:"name"`
	Freeze int    `json:"freeze_epochs"` // epochs with a frozen body, before the others, in a cycle of their own
	Epochs int    `json:"epochs"`        // epochs with the whole network
	Batch  int    `json:"batch"`
	// Body and Head are the highest learning rates of the two parameter groups.
	Body float64 `json:"lr_body"`
	Head float64 `json:"lr_head"`

	Decay      float64 `json:"weight_decay"`
	Smoothing  float64 `json:"label_smoothing"`
	Mixup      float64 `json:"mixup"`         // alpha of the beta distribution, 0 for none
	Clip       float64 `json:"clip"`          // of the gradients' common norm, 0 for none
	EMA        float64 `json:"ema"`           // what the weights' average keeps a step, 0 for none
	Patience   int     `json:"patience"`      // epochs without a better balanced accuracy before the end, 0 for all
	ClassEqual bool    `json:"class_weights"` // weigh each class's loss by the inverse of its share
	Augment    string  `json:"augment"`       // as package augment reads it
	Seed       uint64  `json:"seed"`
	Valid      float64 `json:"valid,omitempty"` // share of a random validation part
}

// Presets by name. "paper" is the paper's recipe to the letter, as fastai's
// defaults complete it: twenty epochs of one cycle with a frozen body whose
// batch-norms learn, rates 1e-2 and 1e-1, no augmentation named. "blastlens"
// trains the whole network from a good start.
var Presets = map[string]Recipe{
	"paper":     {Name: "paper", Freeze: 20, Batch: 64, Body: 1e-2, Head: 1e-1, Decay: .01, Augment: "none", Seed: 1, Valid: .2},
	"blastlens": {Name: "blastlens", Freeze: 1, Epochs: 8, Batch: 32, Body: 5e-4, Head: 2e-3, Decay: .01, Smoothing: .1, Clip: 5, EMA: .98, Augment: "default", Seed: 1, Valid: .2},
}

// Check reports the first setting that cannot be.
func (r Recipe) Check() error {
	switch {
	case r.Freeze < 0 || r.Epochs < 0 || r.Freeze+r.Epochs < 1:
		return fmt.Errorf("learn: %d frozen and %d free epochs, want at least one", r.Freeze, r.Epochs)
	case r.Batch < 2:
		return fmt.Errorf("learn: batch of %d, want at least 2: batch-norm needs a variance", r.Batch)
	case !(r.Body > 0) || !(r.Head > 0):
		return fmt.Errorf("learn: learning rates %g and %g, want both above 0", r.Body, r.Head)
	case r.Smoothing < 0 || r.Smoothing >= 1:
		return fmt.Errorf("learn: label smoothing of %g, want 0 to below 1", r.Smoothing)
	case r.EMA < 0 || r.EMA >= 1:
		return fmt.Errorf("learn: EMA of %g, want 0 to below 1", r.EMA)
	case r.Mixup < 0 || r.Clip < 0 || r.Decay < 0 || r.Patience < 0:
		return errors.New("learn: mixup, clip, weight decay and patience must not be below 0")
	}
	return nil
}

package main

import (
	"fmt"
	"strconv"
	"strings"

	"blastlens/model/augment"
	"blastlens/model/learn"
)

// recipeFlags are a preset of the training of the whole network, and what is
// changed of it. Those that are absent leave the preset's value.
type recipeFlags struct {
	Preset       string   `default:"blastlens" enum:"blastlens,paper" help:"Recipe to start from: blastlens, or paper, the paper's to the letter."`
	Epochs       *int     `help:"Epochs of the whole network; with --frozen, of the head." placeholder:"N"`
	FreezeEpochs *int     `help:"Epochs before, with a frozen body whose batch-norms learn." placeholder:"N"`
	Batch        *int     `help:"Pictures a step." placeholder:"N"`
	LRMax        string   `name:"lr-max" help:"Highest learning rate of the one-cycle: one, or body:head." placeholder:"RATE"`
	WeightDecay  *float64 `placeholder:"X" help:"Decoupled weight decay of matrices."`
	Smoothing    *float64 `placeholder:"X" help:"Label smoothing."`
	Mixup        *float64 `placeholder:"X" help:"Alpha of mixup's beta distribution, 0 for none."`
	Clip         *float64 `placeholder:"X" help:"Highest norm of the gradient, 0 for any."`
	EMA          *float64 `name:"ema" placeholder:"X" help:"Share that the average of the weights keeps a step, 0 for none."`
	Patience     *int     `placeholder:"N" help:"Epochs without a better balanced accuracy before the end, 0 for all."`
	ClassWeights *bool    `help:"Weigh each class's loss by the inverse of its share."`
	Augment      *string  `placeholder:"LIST" help:"Augmentation of training pictures, such as flip,rotate:10,stain:0.1; or default, or none."`
}

// recipe is the preset with its changes.
func (f recipeFlags) recipe(p pictures) (learn.Recipe, augment.List, error) {
	r := learn.Presets[f.Preset]
	r.Seed, r.Valid = p.Seed, p.Valid
	set(&r.Epochs, f.Epochs)
	set(&r.Freeze, f.FreezeEpochs)
	set(&r.Batch, f.Batch)
	set(&r.Decay, f.WeightDecay)
	set(&r.Smoothing, f.Smoothing)
	set(&r.Mixup, f.Mixup)
	set(&r.Clip, f.Clip)
	set(&r.EMA, f.EMA)
	set(&r.Patience, f.Patience)
	set(&r.ClassEqual, f.ClassWeights)
	set(&r.Augment, f.Augment)
	if f.LRMax != "" {
		var err error
		if r.Body, r.Head, err = parseRates(f.LRMax); err != nil {
			return r, nil, err
		}
	}
	list, err := augment.Parse(r.Augment)
	if err != nil {
		return r, nil, fmt.Errorf("--augment: %w", err)
	}
	r.Augment = list.String()
	return r, list, r.Check()
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// headEpochs is --epochs as the training of a head alone takes it, 0 if absent.
func (f recipeFlags) headEpochs() int {
	if f.Epochs == nil {
		return 0
	}
	return *f.Epochs
}

// parseRates reads one learning rate for all, or body:head.
func parseRates(text string) (body, head float64, err error) {
	first, second, two := strings.Cut(text, ":")
	if !two {
		second = first
	}
	body, errBody := strconv.ParseFloat(first, 64)
	head, errHead := strconv.ParseFloat(second, 64)
	if errBody != nil || errHead != nil || !(body > 0) || !(head > 0) {
		return 0, 0, fmt.Errorf("--lr-max %s: want one rate above 0, or two as body:head, such as 1e-2:1e-1", text)
	}
	return body, head, nil
}

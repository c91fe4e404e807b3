package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/wasm/bundle"
)

// wholeNetwork is the kind of a record whose body was trained too.
const wholeNetwork = "whole network"

// origin tells what the body of a weights file was trained on, by the record
// that travels with it; nil where no record says that it was trained on pictures.
func origin(weights string) (*adapt.Origin, error) {
	var raw []byte
	switch info, err := os.Stat(weights); {
	case err != nil || info.IsDir():
		return nil, nil // load.Into says what is wrong
	case filepath.Ext(weights) == ".blm":
		file, err := os.ReadFile(weights)
		if err != nil {
			return nil, err
		}
		b, err := bundle.Read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", weights, err)
		}
		raw = b.Heads[0].Record
	default:
		if raw, err = os.ReadFile(recordPath(weights)); err != nil {
			return nil, nil // weights from elsewhere have none
		}
	}
	var r adapt.Record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("training record of %s: %w", weights, err)
	}
	if r.Kind != wholeNetwork || len(r.Figures) == 0 {
		return r.Body, nil
	}
	return &adapt.Origin{Data: r.Data.Name, Classes: r.Data.Classes, Counts: r.Data.Counts, Seed: r.Figures[0].Seed, Valid: r.Valid, SHA256: r.Figures[0].SHA256}, nil
}

// unseen leaves those splits whose judging parts the body has not been trained
// on, and says of the others why they are left out. A folder of other pictures is
// taken to hold none of the body's.
func unseen(o *adapt.Origin, set *data.Set, splits []data.Split) (left []data.Split, notes []string, err error) {
	if o == nil || !slices.Equal(o.Classes, set.Classes) || !slices.Equal(o.Counts, set.Counts()) {
		return splits, nil, nil
	}
	for _, s := range splits {
		if set.Hash(s) == o.SHA256 {
			left = append(left, s)
			continue
		}
		notes = append(notes, fmt.Sprintf("no figure for %s: the body was trained on these pictures", s.Kind))
	}
	if len(left) == 0 {
		return nil, nil, fmt.Errorf("the body was trained on these pictures: only those that it left out can judge a head; want --seed %d --valid %g", o.Seed, o.Valid)
	}
	return left, notes, nil
}

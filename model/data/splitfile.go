package data

import (
	"encoding/json"
	"fmt"
	"os"
)

// splitFile is a split as a file: every picture of the set, so that a changed
// or a new one is noticed, and the parts of each fold by name.
type splitFile struct {
	Kind     string     `json:"kind"`
	Seed     uint64     `json:"seed"`
	SHA256   string     `json:"sha256"` // see Set.Hash
	Pictures []member   `json:"pictures"`
	Folds    []foldFile `json:"folds"`
}

type foldFile struct {
	Train      []string `json:"train"`
	Test       []string `json:"test"`
	Embargoed  int      `json:"embargoed"`
	Duplicates int      `json:"duplicates"`
}

// MarshalSplit writes a split of the set as JSON.
func (s *Set) MarshalSplit(split Split) ([]byte, error) {
	f := splitFile{Kind: split.Kind, Seed: split.Seed, SHA256: s.Hash(split)}
	for _, p := range s.Pictures {
		f.Pictures = append(f.Pictures, member{p.Name, p.SHA256})
	}
	for _, fold := range split.Folds {
		f.Folds = append(f.Folds, foldFile{s.names(fold.Train), s.names(fold.Test), fold.Embargoed, fold.Duplicates})
	}
	text, err := json.MarshalIndent(f, "", " ")
	return append(text, '\n'), err
}

// ReadSplit reads a split that MarshalSplit wrote. The set must hold the same
// pictures, byte for byte; what differs is named, and the error wraps ErrDiffers.
func (s *Set) ReadSplit(path string) (Split, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Split{}, fmt.Errorf("data: split: %w", err)
	}
	split, err := s.parseSplit(raw)
	if err != nil {
		return Split{}, fmt.Errorf("data: split %s: %w", path, err)
	}
	return split, nil
}

func (s *Set) parseSplit(raw []byte) (Split, error) {
	var f splitFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return Split{}, err
	}
	if len(f.Folds) == 0 {
		return Split{}, fmt.Errorf("it has no folds")
	}
	if err := s.compare(f.Pictures); err != nil {
		return Split{}, err
	}
	index := make(map[string]int, len(s.Pictures))
	for i, p := range s.Pictures {
		index[p.Name] = i
	}
	split := Split{Kind: f.Kind, Seed: f.Seed}
	for k, fold := range f.Folds {
		parts := [2][]int{}
		seen := make(map[string]bool, len(s.Pictures))
		for part, names := range [][]string{fold.Train, fold.Test} {
			for _, name := range names {
				i, known := index[name]
				if !known || seen[name] {
					return Split{}, fmt.Errorf("fold %d: %s is unknown, or there twice", k+1, name)
				}
				seen[name] = true
				parts[part] = append(parts[part], i)
			}
		}
		if len(parts[0]) == 0 || len(parts[1]) == 0 {
			return Split{}, fmt.Errorf("fold %d: %d pictures to train on and %d to judge", k+1, len(parts[0]), len(parts[1]))
		}
		split.Folds = append(split.Folds, Fold{Train: parts[0], Test: parts[1], Embargoed: fold.Embargoed, Duplicates: fold.Duplicates})
	}
	if hash := s.Hash(split); hash != f.SHA256 {
		return Split{}, fmt.Errorf("it was changed after it was written: its folds hash to %s, it says %s", hash, f.SHA256)
	}
	return split, nil
}

func (s *Set) names(pictures []int) []string {
	names := make([]string, 0, len(pictures))
	for _, i := range pictures {
		names = append(names, s.Pictures[i].Name)
	}
	return names
}

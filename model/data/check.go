package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"blastlens/wasm/intake"
)

// Report is what a folder of labelled pictures holds, and what is wrong with it.
type Report struct {
	Classes    []ClassCount `json:"classes"`
	Pictures   int          `json:"pictures"` // that can be read and have a label
	Sizes      []Tally      `json:"sizes"`    // "width x height"
	Modes      []Tally      `json:"colour_modes"`
	Notes      []Tally      `json:"notes"`      // what decoding had to do, in intake's words
	Refused    []Refusal    `json:"refused"`    // labelled, but no readable picture
	Unlabelled []Refusal    `json:"unlabelled"` // pictures beside the classes, folders inside them
	Unnumbered []string     `json:"unnumbered"` // names without a file number
	Identical  []Alike      `json:"identical"`  // the same bytes
	Near       []Alike      `json:"near"`       // nearly the same picture, not the same bytes
	Twins      int          `json:"twins"`      // pictures that have an identical or near one
	Problems   []string     `json:"problems"`   // what keeps the folder from being trained on
}

// ClassCount is a class and its readable and refused pictures.
type ClassCount struct {
	Name     string `json:"name"`
	Pictures int    `json:"pictures"`
	Refused  int    `json:"refused"`
}

// Tally is a property and the pictures that have it. The most frequent property
// of a list does not name its files.
type Tally struct {
	Name     string   `json:"name"`
	Pictures int      `json:"pictures"`
	Files    []string `json:"files,omitempty"`
}

// Alike is a group of pictures that show the same.
type Alike struct {
	Names    []string `json:"names"`
	Conflict bool     `json:"conflict"` // they carry different labels
}

// LeftOut is the number of files and folders that training will not see.
func (r Report) LeftOut() int { return len(r.Refused) + len(r.Unlabelled) }

// Check reads a folder as Read does and reports on all that is in it; where
// Read fails, the report has Problems. known are the only class names allowed,
// if any are given. The set is what could be read. An error is a folder that
// cannot be listed.
func Check(dir string, known []string) (Report, *Set, error) {
	s, err := scan(dir)
	if err != nil {
		return Report{}, nil, err
	}
	s.inspect()
	r := Report{
		Pictures: len(s.Pictures), Refused: s.Refused, Unlabelled: s.unlabelled(),
		Sizes: s.tally(func(p Picture) []string { return []string{fmt.Sprintf("%d x %d", p.Width, p.Height)} }, true),
		Modes: s.tally(func(p Picture) []string { return []string{p.mode} }, true),
		Notes: s.tally(func(p Picture) []string { return p.notes }, false),
	}
	counts := s.Counts()
	for class, name := range s.Classes {
		c := ClassCount{Name: name, Pictures: counts[class]}
		for _, refused := range s.Refused {
			if strings.HasPrefix(refused.Name, name+"/") {
				c.Refused++
			}
		}
		r.Classes = append(r.Classes, c)
	}
	for _, p := range s.Pictures {
		if p.Number < 0 {
			r.Unnumbered = append(r.Unnumbered, p.Name)
		}
	}
	for _, group := range s.Duplicates() {
		r.Identical = append(r.Identical, s.alike(group))
	}
	for _, group := range s.NearDuplicates() {
		r.Twins += len(group)
		if slices.ContainsFunc(group, func(i int) bool { return s.Pictures[i].SHA256 != s.Pictures[group[0]].SHA256 }) {
			r.Near = append(r.Near, s.alike(group))
		}
	}
	for _, problem := range s.problems() {
		r.Problems = append(r.Problems, problem.Error())
	}
	if len(known) > 0 {
		r.Problems = append(r.Problems, s.unknown(known)...)
	}
	return r, s, nil
}

// unknown names the classes that are not among known, and the other way round.
func (s *Set) unknown(known []string) (problems []string) {
	for _, class := range s.Classes {
		if !slices.Contains(known, class) {
			problems = append(problems, fmt.Sprintf("data: %s: folder %s is no known class, want one of %s", s.Dir, class, strings.Join(known, ", ")))
		}
	}
	for _, class := range known {
		if !slices.Contains(s.Classes, class) {
			problems = append(problems, fmt.Sprintf("data: %s: class %s has no folder", s.Dir, class))
		}
	}
	return problems
}

// unlabelled finds what lies where no label can be given to it. Files beside
// the classes that neither are pictures nor are named like one (a licence, a
// manifest) belong there.
func (s *Set) unlabelled() (found []Refusal) {
	for _, name := range s.beside {
		raw, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err == nil {
			_, err = intake.Decode(name, raw)
		}
		switch {
		case err == nil:
			found = append(found, Refusal{name, "a picture without a label: it lies beside the class folders; move it into the folder of its class"})
		case !errors.Is(err, intake.ErrNotPicture) || namedPicture(name):
			found = append(found, Refusal{name, "it lies beside the class folders, and: " + ReasonOf(err)})
		}
	}
	for _, name := range s.nested {
		found = append(found, Refusal{name, "a folder inside the folder of a class: what is in it is not read; move its pictures one level up"})
	}
	return found
}

func namedPicture(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}, strings.ToLower(filepath.Ext(name)))
}

// tally counts pictures by what of says of them, the most frequent first. The
// files are listed for all but the usual (the first, if there is one).
func (s *Set) tally(of func(Picture) []string, usual bool) []Tally {
	var all []Tally
	for _, p := range s.Pictures {
		for _, name := range of(p) {
			at := slices.IndexFunc(all, func(t Tally) bool { return t.Name == name })
			if at < 0 {
				at, all = len(all), append(all, Tally{Name: name})
			}
			all[at].Pictures++
			all[at].Files = append(all[at].Files, p.Name)
		}
	}
	slices.SortStableFunc(all, func(a, b Tally) int { return b.Pictures - a.Pictures })
	if usual && len(all) > 0 {
		all[0].Files = nil
	}
	return all
}

func (s *Set) alike(group []int) Alike {
	var a Alike
	for _, i := range group {
		a.Names = append(a.Names, s.Pictures[i].Name)
		a.Conflict = a.Conflict || s.Pictures[i].Class != s.Pictures[group[0]].Class
	}
	return a
}

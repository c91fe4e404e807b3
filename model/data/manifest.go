package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// manifestHeader is the first line of a manifest.
var manifestHeader = []string{"path", "label", "sha256", "group"}

// GroupsInWords says what Groups does, for whoever reads a figure.
var GroupsInWords = fmt.Sprintf("blocks of %d file numbers of a class, joined where they share a near duplicate, because no slide or patient is named", Embargo)

// Groups names, for each picture, the group that it must not be parted from.
// File numbers follow the slides, so each class is cut into blocks of Embargo
// numbers, counted from its first; blocks that share a near duplicate are one
// group. A picture without a number is a group by itself, with its near
// duplicates. A group is named after its first picture.
func (s *Set) Groups() []string {
	l := newLinks(len(s.Pictures))
	opening := -1 // picture that opened the block
	for i, p := range s.Pictures {
		if p.Number < 0 {
			continue
		}
		if opening < 0 || s.Pictures[opening].Class != p.Class || p.Number >= s.Pictures[opening].Number+Embargo {
			opening = i
		}
		l.join(opening, i)
	}
	l.joinNear(s)
	return l.names(s)
}

// NearGroupsInWords says what NearGroups does, for whoever reads a figure.
const NearGroupsInWords = "near duplicates, every other picture by itself"

// NearGroups is Groups for a folder with too few file numbers to cut blocks of:
// only near duplicates are held together.
func (s *Set) NearGroups() []string {
	l := newLinks(len(s.Pictures))
	l.joinNear(s)
	return l.names(s)
}

// WriteManifest writes a CSV line for each picture: path below the folder,
// label, SHA-256 of the file, group.
func (s *Set) WriteManifest(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write(manifestHeader)
	for i, group := range s.Groups() {
		p := s.Pictures[i]
		out.Write([]string{p.Name, s.Classes[p.Class], p.SHA256, group})
	}
	out.Flush()
	return out.Error()
}

// ReadGroups reads the group of each picture of the set from a manifest, whose
// groups may have been made by hand (a patient, a slide). It must list exactly
// the set's pictures, with their labels and hashes.
func (s *Set) ReadGroups(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data: manifest: %w", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("data: manifest %s: %w", path, err)
	}
	if len(lines) == 0 || !slices.Equal(lines[0], manifestHeader) {
		return nil, fmt.Errorf("data: manifest %s: its first line is not %s", path, strings.Join(manifestHeader, ","))
	}
	listed, groups := make([]member, 0, len(lines)), map[string]string{}
	for k, line := range lines[1:] {
		name, group := line[0], line[3]
		if groups[name] != "" || group == "" {
			return nil, fmt.Errorf("data: manifest %s, record %d: %s has no group, or is there twice", path, k+2, name)
		}
		if class, _, _ := strings.Cut(name, "/"); class != line[1] {
			return nil, fmt.Errorf("data: manifest %s, record %d: %s is labelled %q", path, k+2, name, line[1])
		}
		groups[name], listed = group, append(listed, member{name, line[2]})
	}
	if err := s.compare(listed); err != nil {
		return nil, fmt.Errorf("data: manifest %s: %w", path, err)
	}
	all := make([]string, len(s.Pictures))
	for i, p := range s.Pictures {
		all[i] = groups[p.Name]
	}
	return all, nil
}

// ErrDiffers is wrapped when a file speaks of other pictures than the set has.
var ErrDiffers = errors.New("made of other pictures than the folder holds")

// member is a picture as a manifest or a split names it.
type member struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// compare names what differs between the pictures that a file lists and those
// of the set.
func (s *Set) compare(listed []member) error {
	hashes := map[string]string{}
	for _, p := range s.Pictures {
		hashes[p.Name] = p.SHA256
	}
	var missing, changed, added []string
	for _, m := range listed {
		switch hash, there := hashes[m.Name]; {
		case !there:
			missing = append(missing, m.Name)
		case hash != m.SHA256:
			changed = append(changed, m.Name)
		}
		delete(hashes, m.Name)
	}
	for _, p := range s.Pictures {
		if _, left := hashes[p.Name]; left {
			added = append(added, p.Name)
		}
	}
	var err error
	for _, d := range []struct {
		names []string
		what  string
	}{{missing, "not in the folder"}, {changed, "with other bytes"}, {added, "in the folder only"}} {
		if len(d.names) > 0 {
			err = errors.Join(err, fmt.Errorf("%d %s: %s", len(d.names), d.what, few(d.names)))
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s", ErrDiffers, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

// few names the first five.
func few(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + fmt.Sprintf(" and %d more", len(names)-5)
	}
	return strings.Join(names, ", ")
}

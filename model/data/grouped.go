package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Grouped is a seeded split that never parts a group: of each class, groups in
// random order judge if they bring the judging part nearer to the share valid
// (0..1) of its pictures; if none does, the smallest judges. groups names the group of each
// picture, as Groups or ReadGroups return it. A group of several classes counts
// as one of the class of its first picture. Byte-identical copies of training
// pictures are dropped from the judging part.
func (s *Set) Grouped(seed uint64, valid float64, groups []string) (Split, error) {
	if len(groups) != len(s.Pictures) {
		return Split{}, fmt.Errorf("data: %d groups for %d pictures", len(groups), len(s.Pictures))
	}
	if !(valid > 0 && valid < 1) {
		return Split{}, fmt.Errorf("data: a validation share of %g, want more than 0 and less than 1", valid)
	}
	members := map[string][]int{}
	var names []string
	for i, name := range groups {
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = append(members[name], i)
	}
	rng := rand.New(rand.NewPCG(seed, 0x6705))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })

	counts, judged, judging := s.Counts(), make([]int, len(s.Classes)), map[string]bool{}
	smallest := make([]string, len(s.Classes))
	for _, name := range names {
		class, size := s.Pictures[members[name][0]].Class, len(members[name])
		wanted := valid * float64(counts[class])
		if math.Abs(float64(judged[class]+size)-wanted) < math.Abs(float64(judged[class])-wanted) {
			judging[name] = true
			judged[class] += size
		}
		if smallest[class] == "" || size < len(members[smallest[class]]) {
			smallest[class] = name
		}
	}
	for class, name := range smallest {
		if judged[class] == 0 && name != "" {
			judging[name] = true
		}
	}
	var f Fold
	for i, name := range groups {
		if judging[name] {
			f.Test = append(f.Test, i)
		} else {
			f.Train = append(f.Train, i)
		}
	}
	s.dropDuplicates(&f)
	trained, tested := make([]int, len(s.Classes)), make([]int, len(s.Classes))
	for _, i := range f.Train {
		trained[s.Pictures[i].Class]++
	}
	for _, i := range f.Test {
		tested[s.Pictures[i].Class]++
	}
	for class, name := range s.Classes {
		if trained[class] == 0 || tested[class] == 0 {
			return Split{}, fmt.Errorf("data: split by group: class %s has %d pictures to train on and %d to judge: too few groups, want at least 2 of its own", name, trained[class], tested[class])
		}
	}
	return Split{
		Kind: fmt.Sprintf("grouped, %.0f/%.0f, seeded, %d of %d groups judge", 100*(1-valid), 100*valid, len(judging), len(names)),
		Seed: seed, Folds: []Fold{f},
	}, nil
}

package data

import (
	"math/bits"
	"slices"

	"blastlens/wasm/tensor"
)

// Fingerprint is a difference hash: bit 8y+x says whether a picture, shrunk to
// 9 x 8 grey values, grows brighter from column x to x+1 of row y. Saving a
// field again, at another quality or size, turns a few bits; another field
// differs in about 32.
type Fingerprint uint64

// FingerprintOf computes the fingerprint of a picture. Grey is the luma of
// ITU-R BT.601.
func FingerprintOf(rgb tensor.RGB8) Fingerprint {
	small := tensor.Resize(rgb, 9, 8)
	luma := func(x, y int) int {
		p := small.Pix[3*(9*y+x):]
		return 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])
	}
	var f Fingerprint
	for y := range 8 {
		for x := range 8 {
			if luma(x, y) < luma(x+1, y) {
				f |= 1 << (8*y + x)
			}
		}
	}
	return f
}

// Distance is the number of bits in which two fingerprints differ, 0 to 64.
func (f Fingerprint) Distance(g Fingerprint) int { return bits.OnesCount64(uint64(f ^ g)) }

// Near is the greatest distance between fingerprints that counts as the same
// field. On the 2,644 peripheral smears of Aria et al. (2021) it gathers 184
// pictures, of which one pair is far apart in number; the first pairs of
// different classes, so certainly of different fields, appear at 11.
const Near = 6

// NearDuplicates groups the pictures that are Near one another, directly or
// through others of the group; each group has at least two, in order.
func (s *Set) NearDuplicates() [][]int {
	l := newLinks(len(s.Pictures))
	l.joinNear(s)
	return slices.DeleteFunc(l.groups(), func(g []int) bool { return len(g) < 2 })
}

// Leaks counts the pictures of f.Test that have a near duplicate in f.Train:
// what they add to a score is memory.
func (s *Set) Leaks(f Fold) int {
	n := 0
	for _, i := range f.Test {
		if slices.ContainsFunc(f.Train, func(j int) bool {
			return s.Pictures[i].Fingerprint.Distance(s.Pictures[j].Fingerprint) <= Near
		}) {
			n++
		}
	}
	return n
}

// links joins pictures into groups (disjoint sets): links[i] is an earlier
// picture of i's group, or i itself if it is the first.
type links []int

func newLinks(n int) links {
	l := make(links, n)
	for i := range l {
		l[i] = i
	}
	return l
}

func (l links) first(i int) int {
	for l[i] != i {
		l[i] = l[l[i]]
		i = l[i]
	}
	return i
}

func (l links) join(i, j int) {
	a, b := l.first(i), l.first(j)
	l[max(a, b)] = min(a, b)
}

func (l links) joinNear(s *Set) {
	for i, p := range s.Pictures {
		for j, q := range s.Pictures[:i] {
			if p.Fingerprint.Distance(q.Fingerprint) <= Near {
				l.join(i, j)
			}
		}
	}
}

// names is, for each picture of s, the name of the first in its group.
func (l links) names(s *Set) []string {
	names := make([]string, len(l))
	for i := range l {
		names[i] = s.Pictures[l.first(i)].Name
	}
	return names
}

// groups lists the members of each group, groups by their first member.
func (l links) groups() [][]int {
	members := make([][]int, len(l))
	for i := range l {
		at := l.first(i)
		members[at] = append(members[at], i)
	}
	return slices.DeleteFunc(members, func(g []int) bool { return g == nil })
}

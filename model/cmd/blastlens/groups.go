package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"

	"blastlens/model/data"
)

// runLength is how many file numbers in a row are one group: neighbours in
// number come from the same slide, and the nearest neighbour in colour lies
// within 10 numbers far more often than chance has it.
const runLength = 10

const runsInWords = "contiguous runs of 10 file numbers of a class, because no slide or patient is named"

// contiguousRuns names the group of each picture of a set: its class and the run that its
// number lies in. A picture without a number is a group by itself.
func contiguousRuns(set *data.Set) []string {
	groups := make([]string, len(set.Pictures))
	for i, p := range set.Pictures {
		groups[i] = p.Name
		if p.Number >= 0 {
			groups[i] = fmt.Sprintf("%s/%d", set.Classes[p.Class], p.Number/runLength)
		}
	}
	return groups
}

// readGroups reads the group of each picture of a set from a CSV file with the
// columns path (Class/file), label, sha256 and group. Lines of other pictures are passed over.
func readGroups(path string, set *data.Set) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header := []string{"path", "label", "sha256", "group"}
	if len(lines) == 0 || !slices.Equal(lines[0], header) {
		return nil, fmt.Errorf("%s: want the columns %v in its first line", path, header)
	}
	listed := map[string][]string{}
	for k, line := range lines[1:] {
		if line[3] == "" || listed[line[0]] != nil {
			return nil, fmt.Errorf("%s, record %d: %s has no group, or is there twice", path, k+2, line[0])
		}
		listed[line[0]] = line
	}
	groups := make([]string, len(set.Pictures))
	for i, p := range set.Pictures {
		line := listed[p.Name]
		switch {
		case line == nil:
			return nil, fmt.Errorf("%s: it does not list %s", path, p.Name)
		case line[1] != set.Classes[p.Class] || line[2] != p.SHA256:
			return nil, fmt.Errorf("%s: it lists %s with label %s and SHA-256 %s, want %s and %s", path, p.Name, line[1], line[2], set.Classes[p.Class], p.SHA256)
		}
		groups[i] = line[3]
	}
	return groups, nil
}

// numbered gives the groups of the pictures at rows numbers, the same to the same.
func numbered(groups []string, rows []int) []int {
	known := map[string]int{}
	numbers := make([]int, len(rows))
	for k, i := range rows {
		n, seen := known[groups[i]]
		if !seen {
			n = len(known)
			known[groups[i]] = n
		}
		numbers[k] = n
	}
	return numbers
}

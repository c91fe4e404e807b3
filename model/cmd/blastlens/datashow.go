package main

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"blastlens/model/augment"
	"blastlens/model/data"
	"blastlens/model/figures"
)

type dataShowCmd struct {
	Dir     string `arg:"" help:"Folder with a subfolder of pictures for each class."`
	Out     string `required:"" help:"Write the grid here (PNG)." placeholder:"FILE"`
	Seed    uint64 `default:"1" help:"Seed of the choice of pictures, and of the augmentation."`
	Class   string `help:"Show this class only." placeholder:"NAME"`
	Augment string `help:"Show pictures before and after this augmentation: 'default', or a list such as flip,rot90,rotate:10,jpeg:40-95@0.5." placeholder:"SPEC"`
}

// gridColumns is the number of pictures in a row, and of rows.
const gridColumns = 4

// Run draws sixteen pictures, the classes in turn; with --augment four, each
// followed by versions of it as the first epochs would see them.
func (c *dataShowCmd) Run(s streams) error {
	if err := wantExtension("--out", c.Out, ".png"); err != nil {
		return err
	}
	list, err := augment.Parse(c.Augment)
	if err != nil {
		return fmt.Errorf("--augment: %w", err)
	}
	set, err := data.Read(c.Dir)
	if err != nil {
		return err
	}
	class := slices.Index(set.Classes, c.Class)
	if c.Class != "" && class < 0 {
		return fmt.Errorf("--class %s: %s has the classes %s only", c.Class, c.Dir, strings.Join(set.Classes, ", "))
	}
	title, columns := folderName(c.Dir), gridColumns
	chosen := choose(set, class, gridColumns*gridColumns, c.Seed)
	if c.Augment != "" {
		title, columns = title+": "+list.String(), gridColumns+2
		chosen = choose(set, class, gridColumns, c.Seed)
	}
	var cells []figures.Cell
	for _, i := range chosen {
		picture, err := set.Open(i)
		if err != nil {
			return err
		}
		p := set.Pictures[i]
		cells = append(cells, figures.Cell{Picture: picture, Caption: set.Classes[p.Class], Note: path.Base(p.Name)})
		for epoch := 1; c.Augment != "" && epoch < columns; epoch++ {
			cells = append(cells, figures.Cell{
				Picture: list.Apply(picture, augment.Rand(c.Seed, epoch, i)), Caption: "augmented", Note: fmt.Sprintf("epoch %d", epoch),
			})
		}
	}
	file, err := figures.Grid(title, cells, columns)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, file); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	s.sayf("%d pictures in %s", len(chosen), c.Out)
	return s.leftOut(set)
}

// choose draws up to n pictures, sorted: the classes take turns, so that a rare
// one is seen too. A class of at least 0 is the only one that is drawn from.
func choose(set *data.Set, class, n int, seed uint64) []int {
	left := make([][]int, len(set.Classes))
	for _, i := range rand.New(rand.NewPCG(seed, 0x5403)).Perm(len(set.Pictures)) {
		if k := set.Pictures[i].Class; class < 0 || class == k {
			left[k] = append(left[k], i)
		}
	}
	var chosen []int
	for turn := 0; turn < len(set.Pictures); turn++ {
		for _, pictures := range left {
			if turn < len(pictures) && len(chosen) < n {
				chosen = append(chosen, pictures[turn])
			}
		}
	}
	slices.Sort(chosen)
	return chosen
}

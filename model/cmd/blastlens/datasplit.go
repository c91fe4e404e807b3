package main

import (
	"fmt"
	"text/tabwriter"

	"blastlens/model/data"
)

type dataSplitCmd struct {
	Dir     string  `arg:"" help:"Folder with a subfolder of pictures for each class."`
	Kind    string  `default:"contiguous" enum:"random,group,contiguous" help:"'random': each picture by itself; 'group': whole groups; 'contiguous': blocks of file numbers with an embargo around them."`
	Out     string  `required:"" help:"Write the split here (JSON)." placeholder:"FILE"`
	Seed    uint64  `default:"1" help:"Seed of a random or grouped split."`
	Valid   float64 `default:"0.2" help:"Share of the pictures that judge, in a random or grouped split."`
	Groups  string  `help:"Manifest (CSV) whose group column holds together what must not be parted; groups are found as by data check if absent." placeholder:"FILE"`
	Folds   int     `default:"5" help:"Blocks a class, in a contiguous split."`
	Embargo int     `default:"${embargo}" help:"File numbers left out on each side of a block."`
	JSON    bool    `name:"json" help:"Print a summary as JSON."`
}

// splitSummary is what data split prints.
type splitSummary struct {
	Kind    string         `json:"kind"`
	Seed    uint64         `json:"seed"`
	SHA256  string         `json:"sha256"`
	Out     string         `json:"out"`
	Folds   []foldSummary  `json:"folds"`
	Refused []data.Refusal `json:"refused,omitempty"`
}

type foldSummary struct {
	Train      int `json:"train"`
	Test       int `json:"test"`
	Embargoed  int `json:"embargoed"`
	Duplicates int `json:"duplicates"` // dropped from Test
	Leaks      int `json:"leaks"`      // judged pictures with a near duplicate in Train
}

func (c *dataSplitCmd) Run(s streams) error {
	if err := wantExtension("--out", c.Out, ".json"); err != nil {
		return err
	}
	if c.Groups != "" && c.Kind != "group" {
		return fmt.Errorf("--groups %s: only --kind group uses groups, not %s", c.Groups, c.Kind)
	}
	set, err := data.Read(c.Dir)
	if err != nil {
		return err
	}
	split, err := c.split(set)
	if err != nil {
		return err
	}
	text, err := set.MarshalSplit(split)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, text); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	r := splitSummary{Kind: split.Kind, Seed: split.Seed, SHA256: set.Hash(split), Out: c.Out, Refused: set.Refused}
	for _, f := range split.Folds {
		r.Folds = append(r.Folds, foldSummary{len(f.Train), len(f.Test), f.Embargoed, f.Duplicates, set.Leaks(f)})
	}
	if c.JSON {
		err = s.printJSON(r)
	} else {
		fmt.Fprintf(s.out, "%s, seed %d\n%s  %s\n", r.Kind, r.Seed, r.SHA256, r.Out)
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "FOLD\tTRAIN\tJUDGE\tEMBARGOED\tDUPLICATES DROPPED\tNEAR DUPLICATES OF TRAINING")
		for k, f := range r.Folds {
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\n", k+1, f.Train, f.Test, f.Embargoed, f.Duplicates, f.Leaks)
		}
		err = w.Flush()
	}
	if err != nil {
		return err
	}
	return s.leftOut(set)
}

func (c *dataSplitCmd) split(set *data.Set) (data.Split, error) {
	switch c.Kind {
	case "random":
		return set.Random(c.Seed, c.Valid)
	case "group":
		if c.Groups == "" {
			return set.Grouped(c.Seed, c.Valid, set.Groups())
		}
		groups, err := set.ReadGroups(c.Groups)
		if err != nil {
			return data.Split{}, fmt.Errorf("--groups: %w", err)
		}
		return set.Grouped(c.Seed, c.Valid, groups)
	}
	if c.Folds < 2 || c.Embargo < 0 {
		return data.Split{}, fmt.Errorf("--folds %d and --embargo %d, want at least 2 and 0", c.Folds, c.Embargo)
	}
	return set.Contiguous(c.Folds, c.Embargo)
}

// leftOut names the refused files of a set; the error is errSomeRefused if there are any.
func (s streams) leftOut(set *data.Set) error {
	for _, r := range set.Refused {
		s.sayf("left out: %s: %s", r.Name, r.Reason)
	}
	if len(set.Refused) > 0 {
		return fmt.Errorf("%d of %d: %w", len(set.Refused), len(set.Refused)+len(set.Pictures), errSomeRefused)
	}
	return nil
}

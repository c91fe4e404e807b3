package main

import (
	"fmt"
	"runtime"
	"slices"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/engine"
)

type evaluateCmd struct {
	Data  string `required:"" help:"Folder with a subfolder of pictures for each class." placeholder:"DIR"`
	Model string `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Head  string `help:"Head to measure; the model's first if absent." placeholder:"NAME"`
	Split string `default:"validation" enum:"validation,all" help:"'validation': what the head's training record kept unseen, only for the folder it was trained on; 'all': every picture, for a folder it never saw."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// evaluated is what evaluate prints.
type evaluated struct {
	Version string         `json:"version"` // of the model
	Head    string         `json:"head"`
	Data    string         `json:"data"`
	Split   string         `json:"split"`
	Judged  int            `json:"judged"`
	Classes []string       `json:"classes"`
	Refused []data.Refusal `json:"refused,omitempty"`
	adapt.Score
	Recall    []float64          `json:"recall"`
	Confusion evaluate.Confusion `json:"confusion"`
}

// Run measures a packed model as it ships: weights as packed, the engine as in classify.
func (c *evaluateCmd) Run(s streams) error {
	file, m, err := (&classifyCmd{Model: c.Model}).readModel()
	if err != nil {
		return err
	}
	e, err := engine.Load(file, m, engine.Options{Candidates: []engine.Candidate{
		{Title: "CPU", New: func() (device.Device, error) { return cpu.New(1), nil }},
	}})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.HasHead(c.Head); err != nil {
		return fmt.Errorf("--head: %w", err)
	}
	head := e.Bundle().Heads[0]
	for _, h := range e.Bundle().Heads {
		if h.Name == c.Head {
			head = h
		}
	}
	set, err := data.Read(c.Data)
	if err != nil {
		return err
	}
	// A class of the head may lack pictures here, but not the other way round.
	r := evaluated{Version: e.Bundle().Version, Head: head.Name, Data: folderName(c.Data), Split: "all pictures", Refused: set.Refused}
	for _, class := range head.Classes {
		r.Classes = append(r.Classes, class.Name)
	}
	for _, class := range set.Classes {
		if !slices.Contains(r.Classes, class) {
			return fmt.Errorf("--data %s: head %s knows no class %s, only %v", c.Data, head.Name, class, r.Classes)
		}
	}
	rows := make([]int, len(set.Pictures))
	for i := range rows {
		rows[i] = i
	}
	if c.Split == "validation" {
		record, err := parseRecord("of head "+head.Name, head.Record)
		if err != nil {
			return err
		}
		if rows, err = validation(set, record); err != nil {
			return fmt.Errorf("--data %s: %w; for other pictures use --split all", c.Data, err)
		}
		r.Split = record.Figures[0].Split + ": validation part"
	}
	type answer struct {
		class int
		err   error
	}
	told := progress(s.err, "evaluating", len(rows))
	var truth, said []int
	inOrder(rows, runtime.GOMAXPROCS(0), func(i int) answer {
		picture, err := set.Open(i)
		if err != nil {
			return answer{err: err}
		}
		inference, err := e.Infer(picture, head.Name)
		if err != nil {
			return answer{err: fmt.Errorf("%s: %w", set.Pictures[i].Name, err)}
		}
		return answer{class: adapt.Answers(inference.Logits, len(inference.Logits))[0]}
	}, func(k int, a answer) {
		told(k + 1)
		if a.err != nil {
			err = a.err
			return
		}
		truth = append(truth, slices.Index(r.Classes, set.Classes[set.Pictures[rows[k]].Class]))
		said = append(said, a.class)
	})
	if err != nil {
		return err
	}
	r.Judged = len(truth)
	r.Confusion = evaluate.NewConfusion(len(r.Classes), truth, said)
	r.Score = adapt.ScoreOf(r.Confusion)
	r.Recall = r.Confusion.Recalls()
	if c.JSON {
		err = s.printJSON(r)
	} else {
		fmt.Fprintf(s.out, "%s, head %s, on %s, %s: %d pictures, accuracy %.4f, balanced accuracy %.4f\nrows: true class, columns: answer\n",
			r.Version, r.Head, r.Data, r.Split, r.Judged, r.Accuracy, r.Balanced)
		printConfusion(s.out, r.Classes, r.Confusion)
	}
	if err == nil && len(set.Refused) > 0 {
		for _, refused := range set.Refused {
			s.sayf("left out: %s: %s", refused.Name, refused.Reason)
		}
		err = errSomeRefused
	}
	return err
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/report"
	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/verdict"
)

type evaluateCmd struct {
	Data   string `required:"" help:"Folder with a subfolder of pictures for each class." placeholder:"DIR"`
	Model  string `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Head   string `help:"Head to measure; the model's first if absent." placeholder:"NAME"`
	Split  string `default:"validation" enum:"validation,all" help:"'validation': what the head's training record kept unseen, only for the folder it was trained on; 'all': every picture, for a folder it never saw."`
	Groups string `help:"Groups for the intervals (CSV with path, label, sha256, group), such as slides or patients; without it, contiguous runs of 10 file numbers of a class." placeholder:"FILE"`
	Report string `help:"Write figures and metrics as one HTML file that needs nothing else." placeholder:"FILE"`
	Plots  string `help:"Write the figures into this folder (PNG)." placeholder:"DIR"`
	JSON   bool   `name:"json" help:"Print JSON."`
	deviceFlag
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
	GroupedBy string             `json:"grouped_by"` // what the bootstrap draws
	Metrics   evaluate.Metrics   `json:"metrics"`
	ranOn
}

// bootstrapSeed makes the intervals of two runs the same.
const bootstrapSeed = 1

// Run measures a packed model as it ships: weights as packed, the engine as in classify.
func (c *evaluateCmd) Run(s streams) error {
	if c.Report != "" && filepath.Ext(c.Report) != ".html" {
		return fmt.Errorf("--report %s: want a name that ends in .html", c.Report)
	}
	e, _, err := loadModel(c.Model, c.Head, c.Device)
	if err != nil {
		return err
	}
	defer e.Close()
	s.sayf("device: %s", e.Why())
	head := headNamed(e.Bundle().Heads, c.Head)
	record, recordErr := parseRecord("of head "+head.Name, head.Record)
	if recordErr != nil && (c.Split == "validation" || c.Report != "" || c.Plots != "") {
		return recordErr
	}
	set, err := data.Read(c.Data)
	if err != nil {
		return err
	}
	// A class of the head may lack pictures here, but not the other way round.
	r := evaluated{Version: e.Bundle().Version, Head: head.Name, Data: folderName(c.Data), Split: "all pictures", Classes: classNames(head), Refused: set.Refused}
	if unknown := unknownTo(head, set.Classes); len(unknown) > 0 {
		return fmt.Errorf("--data %s: head %s knows no class %s, only %v", c.Data, head.Name, names(unknown), r.Classes)
	}
	groups, groupedBy := set.Groups(), data.GroupsInWords
	if c.Groups != "" {
		if groups, err = set.ReadGroups(c.Groups); err != nil {
			return fmt.Errorf("--groups: %w", err)
		}
		groupedBy = "as listed in " + filepath.Base(c.Groups)
	}
	rows := make([]int, len(set.Pictures))
	for i := range rows {
		rows[i] = i
	}
	if c.Split == "validation" {
		if rows, err = validation(set, record); err != nil {
			return fmt.Errorf("--data %s: %w; for other pictures use --split all", c.Data, err)
		}
		r.Split = record.Figures[0].Split + ": validation part"
	}
	r.Judged, r.GroupedBy = len(rows), groupedBy
	var truth []int
	var probabilities [][]float64
	if r.Metrics, truth, probabilities, err = measure(s, e, head, set, rows, groups); err != nil {
		return err
	}
	r.Device, r.RunsOn = e.Device()
	r.Confusion = r.Metrics.Confusion
	r.Score = adapt.ScoreOf(r.Confusion)
	r.Recall = r.Confusion.Recalls()
	if c.Report != "" || c.Plots != "" {
		figures, err := plot(r, set, record, truth, probabilities)
		if err != nil {
			return err
		}
		if err := errors.Join(c.writePlots(figures), c.writeReport(r, set, record, figures)); err != nil {
			return err
		}
	}
	if c.JSON {
		err = s.printJSON(r)
	} else {
		err = printEvaluated(s.out, r)
	}
	if err == nil && len(set.Refused) > 0 {
		for _, refused := range set.Refused {
			s.sayf("left out: %s: %s", refused.Name, refused.Reason)
		}
		err = errSomeRefused
	}
	return err
}

// loadModel puts the model of --model, the shipped one if that is empty, on a
// device and checks that it has the head of --head.
func loadModel(model, head string, on deviceChoice) (*engine.Engine, bundle.Manifest, error) {
	file, m, err := (&classifyCmd{Model: model}).readModel()
	if err != nil {
		return nil, m, err
	}
	e, err := onDevice(file, m, on)
	if err != nil {
		return nil, m, err
	}
	if err := e.HasHead(head); err != nil {
		e.Close()
		return nil, m, fmt.Errorf("--head: %w", err)
	}
	return e, m, nil
}

// onDevice is a model that answers each picture on one core, or on the GPU.
func onDevice(file []byte, m bundle.Manifest, on deviceChoice) (*engine.Engine, error) {
	e, err := engine.Load(bundle.Bytes(file), m, on.options(1))
	if errors.Is(err, engine.ErrNoDevice) {
		err = fmt.Errorf("--device: %w", err)
	}
	return e, err
}

// classNames are the classes of a head as folders are named.
func classNames(h bundle.Head) []string {
	names := make([]string, len(h.Classes))
	for i, class := range h.Classes {
		names[i] = class.Name
	}
	return names
}

// unknownTo lists the classes that a head does not know.
func unknownTo(h bundle.Head, classes []string) (unknown []string) {
	for _, class := range classes {
		if !slices.Contains(classNames(h), class) {
			unknown = append(unknown, class)
		}
	}
	return unknown
}

// measure holds a head's answers to the pictures at rows against their folders,
// which the head must know. groups name what the bootstrap draws together, one
// for each picture of the set. truth and probabilities [classes] are a row each.
func measure(s streams, e *engine.Engine, head bundle.Head, set *data.Set, rows []int, groups []string) (m evaluate.Metrics, truth []int, probabilities [][]float64, err error) {
	if probabilities, err = judge(s, e, head.Name, set, rows); err != nil {
		return m, nil, nil, err
	}
	classes := classNames(head)
	for _, i := range rows {
		truth = append(truth, slices.Index(classes, set.Classes[set.Pictures[i].Class]))
	}
	m, err = evaluate.Measure(classes, truth, probabilities, numbered(groups, rows), bootstrapSeed)
	return m, truth, probabilities, err
}

// headNamed is the head of that name, the first if there is none.
func headNamed(heads []bundle.Head, name string) bundle.Head {
	return heads[max(0, slices.IndexFunc(heads, func(h bundle.Head) bool { return h.Name == name }))]
}

// judge is the probability of each class [len(rows)][classes] for the pictures
// at rows, on all cores.
func judge(s streams, e *engine.Engine, head string, set *data.Set, rows []int) (probabilities [][]float64, err error) {
	type answer struct {
		probabilities []float64
		err           error
	}
	told := progress(s.err, "evaluating", len(rows))
	inOrder(rows, runtime.GOMAXPROCS(0), func(i int) answer {
		picture, err := set.Open(i)
		if err != nil {
			return answer{err: err}
		}
		inference, err := e.Infer(picture, head)
		if err != nil {
			return answer{err: fmt.Errorf("%s: %w", set.Pictures[i].Name, err)}
		}
		return answer{probabilities: verdict.Softmax(inference.Logits)}
	}, func(k int, a answer) {
		told(k + 1)
		if a.err != nil {
			err = a.err
			return
		}
		probabilities = append(probabilities, a.probabilities)
	})
	return probabilities, err
}

func (c *evaluateCmd) writePlots(figures report.Figures) error {
	if c.Plots == "" {
		return nil
	}
	var err error
	for _, f := range []struct {
		name   string
		figure report.Figure
	}{
		{"class-distribution", figures.Distribution}, {"loss", figures.Loss}, {"confusion", figures.Confusion}, {"roc", figures.ROC},
		{"precision-recall", figures.PrecisionRecall}, {"calibration", figures.Reliability},
	} {
		if f.figure.Absent == "" {
			err = errors.Join(err, writeFile(filepath.Join(c.Plots, f.name+".png"), f.figure.PNG))
		}
	}
	if err != nil {
		return fmt.Errorf("--plots: %w", err)
	}
	return nil
}

func (c *evaluateCmd) writeReport(r evaluated, set *data.Set, record adapt.Record, figures report.Figures) error {
	if c.Report == "" {
		return nil
	}
	told, err := reported(r, set, record, figures)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.Write(&page, told); err != nil {
		return err
	}
	if err := writeFile(c.Report, page.Bytes()); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/figures"
	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/bundle"
	"blastlens/wasm/engine"
	"blastlens/wasm/plan"
)

type adaptCmd struct {
	Data    string  `required:"" help:"Folder with a subfolder of local pictures for each class; the classes may be others than the model's." placeholder:"DIR"`
	Model   string  `help:"Packed model (.blm) with its manifest (.json) beside it; the shipped one if absent." placeholder:"FILE"`
	Head    string  `help:"Head to replace; the model's first if absent." placeholder:"NAME"`
	Kind    string  `default:"auto" enum:"auto,fastai,plain" help:"Head to fit: plain, one layer; fastai, two; auto is plain below ${many} pictures."`
	Valid   float64 `default:"0.25" help:"Share of each class's pictures that is held out to judge."`
	Seed    uint64  `default:"1" help:"Seed of split, initial head, shuffling and dropout."`
	Classes string  `help:"Titles and groups of the classes, as for pack; without it, the model's own of the same name, else a folder's name is the title." placeholder:"FILE"`
	Version string  `name:"model-version" help:"Version of the new model; by default the date and what it is."`
	Out     string  `required:"" help:"File to write (.blm); the manifest goes beside it (.json)." placeholder:"FILE"`
	Force   bool    `help:"Write the new model even if it is worse on the held-out pictures than the one before."`
	Plot    string  `help:"Write the answers to the held-out pictures before and after here (PNG), with the model." placeholder:"FILE"`
	JSON    bool    `name:"json" help:"Print before, after, split, seconds and manifest as JSON."`
}

// adapted is the kind of a record that adapt made; its split is cut by holdOut.
const adapted = "head adapted to local pictures"

const (
	// manyPictures make auto choose the fastai head. Its 1.6 million weights
	// learn few pictures by heart, plain has 1536 a class: on 201 drawn smears of
	// three classes the one reached 0.82 balanced (2 splits), the other 0.88 (5).
	manyPictures = 500
	// adaptedBatch and adaptedSteps make few pictures give as many steps as a
	// head needs: at train's batch of 64 they would be one or two an epoch.
	adaptedBatch = 16
	adaptedSteps = 300
)

// adaptation is what adapt prints.
type adaptation struct {
	Head     string          `json:"head"`
	Kind     net.Head        `json:"kind"`
	Classes  []string        `json:"classes"`
	Split    heldOut         `json:"split"`
	Before   *held           `json:"before"` // of the given model; null if it does not know all classes
	Unknown  []string        `json:"unknown_before,omitempty"`
	After    held            `json:"after"`
	Colour   adapt.Control   `json:"colour_only"`
	Seconds  float64         `json:"seconds"`
	Refused  []data.Refusal  `json:"refused,omitempty"`
	Manifest bundle.Manifest `json:"manifest"`
}

// heldOut says how the pictures were parted.
type heldOut struct {
	Kind       string `json:"kind"`
	SHA256     string `json:"sha256"`
	Seed       uint64 `json:"seed"`
	Train      int    `json:"train"`
	Judged     int    `json:"judged"`
	Duplicates int    `json:"duplicates"` // left out of judging
}

// held is how a head does on the held-out pictures.
type held struct {
	Accuracy  evaluate.Estimate  `json:"accuracy"`
	Balanced  evaluate.Estimate  `json:"balanced_accuracy"`
	Classes   []string           `json:"classes"` // that the head knows, in the order of the confusion
	Confusion evaluate.Confusion `json:"confusion"`
}

func (h held) String() string {
	return fmt.Sprintf("balanced accuracy %.4f, accuracy %.4f", h.Balanced.Value, h.Accuracy.Value)
}

// Run measures the given head, fits a new one on the same frozen body, measures
// it as it will ship, and writes it unless it is worse. Nothing is written
// before all of that is done.
func (c *adaptCmd) Run(s streams) error {
	start := time.Now()
	if err := c.check(); err != nil {
		return err
	}
	given, m, err := loadModel(c.Model, c.Head, onProcessor)
	if err != nil {
		return err
	}
	defer given.Close()
	b := given.Bundle()
	if err := b.Plan.Decode(); err != nil { // the body goes into the new model
		return err
	}
	old := headNamed(b.Heads, c.Head)
	titles := map[string]bundle.Class{}
	for _, class := range old.Classes {
		titles[class.Name] = class
	}
	if err := readClasses(c.Classes, titles); err != nil {
		return err
	}
	set, err := data.Read(c.Data)
	if err != nil {
		return err
	}
	split, groups, err := holdOut(set, c.Seed, c.Valid)
	if err != nil {
		return fmt.Errorf("--data %s, --valid %g: nothing can be held out: %w", c.Data, c.Valid, err)
	}
	fold := split.Folds[0]
	s.sayf("%d pictures of %d classes: %s; %d to train on, %d held out (%s)", len(set.Pictures), len(set.Classes), names(set.Classes), len(fold.Train), len(fold.Test), split.Kind)
	result := adaptation{
		Head: old.Name, Kind: c.kind(set), Classes: set.Classes, Refused: set.Refused, Unknown: unknownTo(old, set.Classes),
		Split: heldOut{Kind: split.Kind, SHA256: set.Hash(split), Seed: c.Seed, Train: len(fold.Train), Judged: len(fold.Test), Duplicates: fold.Duplicates},
	}
	if len(result.Unknown) > 0 {
		s.sayf("no figure before: head %s of %s does not know %s", old.Name, b.Version, names(result.Unknown))
	} else {
		before, err := judgeHeld(s, given, old, set, fold.Test, groups)
		if err != nil {
			return err
		}
		result.Before = &before
	}
	r := adapt.Record{
		Kind: adapted, Network: net.Architecture, Head: string(result.Kind), Size: b.Preprocess.Size,
		Start: fmt.Sprintf("packed model %s (SHA-256 %s), body as packed", b.Version, m.SHA256),
		Date:  start.UTC().Format(time.RFC3339), Versions: versions(), Data: adapt.Describe(folderName(c.Data), set),
		Options: adaptedOptions(result.Kind, c.Seed, adapt.Views*len(fold.Train)), Views: adapt.Views, Valid: c.Valid,
		Shipped: "the head fitted to the training part of the split; its held-out part stayed unseen",
		Notes: []string{
			result.noteBefore(b.Version),
			"Pictures of one slide may lie on both sides of the split unless the split's groups keep them together; figures are then too good.",
		},
	}
	file, manifest, err := c.fit(s, b, old, set, split, titles, &r)
	if err != nil {
		return err
	}
	result.Manifest, result.Colour = manifest, r.Figures[0].Colour
	if _, err := verify(file, manifest); err != nil {
		return err
	}
	made, err := onDevice(file, manifest, onProcessor)
	if err != nil {
		return err
	}
	defer made.Close()
	if result.After, err = judgeHeld(s, made, headNamed(made.Bundle().Heads, old.Name), set, fold.Test, groups); err != nil {
		return err
	}
	if result.Before != nil && result.After.Balanced.Value < result.Before.Balanced.Value {
		worse := fmt.Sprintf("the new head is worse on the %d held-out pictures (%v) than the model's own (%v)", len(fold.Test), result.After, *result.Before)
		if !c.Force {
			return fmt.Errorf("--out %s: nothing written: %s; --force writes it all the same", c.Out, worse)
		}
		s.sayf("--force: %s", worse)
	}
	if err := writeModel(c.Out, file, manifest); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if c.Plot != "" {
		png, err := result.plot()
		if err == nil {
			err = writeFile(c.Plot, png)
		}
		if err != nil {
			return fmt.Errorf("--plot: %w", err)
		}
	}
	result.Seconds = math.Round(100*time.Since(start).Seconds()) / 100
	if c.JSON {
		err = s.printJSON(result)
	} else {
		err = result.print(s.out)
	}
	if err != nil {
		return err
	}
	return s.leftOut(set)
}

// check refuses what can be refused before any work.
func (c *adaptCmd) check() error {
	if err := errors.Join(wantExtension("--out", c.Out, ".blm"), wantExtension("--plot", c.Plot, ".png")); err != nil {
		return err
	}
	if c.Model == "" {
		return nil
	}
	model, err := os.Stat(c.Model)
	if err != nil {
		return fmt.Errorf("--model: %w", err)
	}
	if out, err := os.Stat(c.Out); err == nil && os.SameFile(model, out) {
		return fmt.Errorf("--out %s is the model of --model: want another name, so that there is a way back", c.Out)
	}
	return nil
}

func (c *adaptCmd) kind(set *data.Set) net.Head {
	if c.Kind == string(net.Fastai) || c.Kind == "auto" && len(set.Pictures) >= manyPictures {
		return net.Fastai
	}
	return net.Plain
}

// adaptedOptions are train's, but for batch and epochs; rows are learned from.
func adaptedOptions(kind net.Head, seed uint64, rows int) adapt.Options {
	o := options(kind, seed, 0)
	o.Batch = min(adaptedBatch, rows)
	o.Epochs = max(o.Epochs, (adaptedSteps*o.Batch+rows-1)/rows)
	return o
}

// holdOut cuts a set so that near duplicates are never parted, class by class:
// by blocks of file numbers where they are many enough, by near duplicates alone
// where they are not. groups names what each picture was held together with.
func holdOut(set *data.Set, seed uint64, valid float64) (split data.Split, groups []string, err error) {
	groups, by := set.Groups(), data.GroupsInWords
	// Two blocks of each class are to judge: the share of one could be anything,
	// and no interval can be drawn from it.
	if float64(fewestGroups(set, groups))*valid < 2 {
		groups, by = set.NearGroups(), data.NearGroupsInWords
	}
	if split, err = set.Grouped(seed, valid, groups); err != nil {
		return split, nil, err
	}
	split.Kind += "; groups: " + by
	return split, groups, nil
}

// fewestGroups is the number of groups of the class that has the fewest.
func fewestGroups(set *data.Set, groups []string) int {
	of := make([]map[string]bool, len(set.Classes))
	for class := range of {
		of[class] = map[string]bool{}
	}
	for i, p := range set.Pictures {
		of[p.Class][groups[i]] = true
	}
	fewest := len(set.Pictures)
	for _, names := range of {
		fewest = min(fewest, len(names))
	}
	return fewest
}

func judgeHeld(s streams, e *engine.Engine, head bundle.Head, set *data.Set, rows []int, groups []string) (held, error) {
	m, _, _, err := measure(s, e, head, set, rows, groups)
	return held{Accuracy: m.Accuracy, Balanced: m.Macro.Recall, Classes: classNames(head), Confusion: m.Confusion}, err
}

// noteBefore tells readers of the record what the head replaced.
func (a adaptation) noteBefore(version string) string {
	if a.Before == nil {
		return fmt.Sprintf("It takes the place of head %s of %s, which did not know %s.", a.Head, version, names(a.Unknown))
	}
	return fmt.Sprintf("It takes the place of head %s of %s, which on the same held-out pictures had %v.", a.Head, version, *a.Before)
}

// fit trains a head on the features of b's body, puts it in the place of head
// old and packs the result. It completes r with losses and figures.
func (c *adaptCmd) fit(s streams, b *bundle.Bundle, old bundle.Head, set *data.Set, split data.Split, titles map[string]bundle.Class, r *adapt.Record) (file []byte, m bundle.Manifest, err error) {
	if want := adapt.Preprocess(r.Size); b.Preprocess != want {
		return nil, m, fmt.Errorf("--model: version %s prepares pictures by %+v, want %+v", b.Version, b.Preprocess, want)
	}
	params, outputs, at, err := takeApart(b, old.Name)
	if err != nil {
		return nil, m, fmt.Errorf("--model: %w", err)
	}
	f, err := adapt.Extract(set, params, r.Size, r.Views, progress(s.err, "features", r.Views*len(set.Pictures)))
	if err != nil {
		return nil, m, err
	}
	kind, o := net.Head(r.Head), r.Options
	o.Epoch = counted(progress(s.err, "epochs", o.Epochs))
	outcome, err := adapt.Judge(set, f, split, func(f adapt.Features, labels, rows []int) (adapt.Head, []float64, error) {
		return adapt.Train(kind, f, labels, rows, len(set.Classes), o)
	})
	if err != nil {
		return nil, m, err
	}
	r.Losses, r.Figures = outcome.Losses[0], []adapt.Figure{outcome.Figure}
	record, err := json.Marshal(r)
	if err != nil {
		return nil, m, err
	}

	outputs[at].Head, outputs[at].Classes = kind, len(set.Classes)
	for name, t := range outcome.Heads[0].Params() {
		t.Name = outputs[at].Prefix + name
		params[t.Name] = t
	}
	g, err := net.Build(params, r.Size, outputs...)
	if err != nil {
		return nil, m, err
	}
	p, err := lower.Lower(g, r.Size)
	if err != nil {
		return nil, m, err
	}
	made := &bundle.Bundle{
		Version: c.Version, Network: r.Network, Heads: slices.Clone(b.Heads), Preprocess: b.Preprocess, Plan: p,
		Golden: bundle.Golden{Seed: goldenSeed, Tolerance: goldenTolerance},
	}
	if made.Version == "" {
		made.Version = datedVersion(*r, old.Name, "adapted")
	}
	for i, h := range made.Heads {
		if h.Name == old.Name {
			made.Heads[i].Classes, made.Heads[i].Record = titled(set.Classes, titles), record
		}
	}
	file, read, err := seal(made)
	if err != nil {
		return nil, m, err
	}
	return file, manifestOf(c.Out, file, made.Version), unchanged(b, read, old.Name)
}

// takeApart returns the tensors of a packed model but for those of the head to
// replace, what its outputs are, and which of them that head is.
func takeApart(b *bundle.Bundle, replaced string) (p net.Params, outputs []net.Output, at int, err error) {
	if outputs, err = load.Heads(b.Plan); err != nil {
		return nil, nil, 0, err
	}
	want := net.Names(net.Pooled, 0)
	for i, o := range outputs {
		if o.Name == replaced {
			at = i
			continue
		}
		for _, t := range net.Names(o.Head, o.Classes) {
			if t.Head {
				t.Name = o.Prefix + t.Name
				want = append(want, t)
			}
		}
	}
	p = net.InitRandom(net.Pooled, 0, 0) // a place for each tensor; the model fills them
	report, err := load.Packed(p, want, b)
	if err == nil && len(report.Missing) > 0 {
		err = fmt.Errorf("version %s: its other heads cannot be kept, it lacks %s", b.Version, names(report.Missing))
	}
	return p, outputs, at, err
}

// unchanged holds a new model against the one that it was made of: the body must
// be the same number by number, the heads kept must answer the self-test the same.
func unchanged(given, made *bundle.Bundle, replaced string) error {
	now := map[string][]float32{}
	for _, w := range made.Plan.Weights {
		now[w.Name] = w.Data
	}
	for _, step := range given.Plan.Steps {
		for _, at := range []int{step.W, step.B, step.W2, step.B2} {
			if at == plan.None || step.Op == plan.Dense { // dense layers are of the heads, all else of the body
				continue
			}
			if w := given.Plan.Weights[at]; !slices.Equal(w.Data, now[w.Name]) {
				return fmt.Errorf("packing changed %s of the body, which was to stay as it is", w.Name)
			}
		}
	}
	for name, logits := range given.Golden.Logits {
		if name == replaced {
			continue
		}
		var largest, moved float32
		for i, v := range logits {
			d := v - made.Golden.Logits[name][i]
			largest, moved = max(largest, v, -v), max(moved, d, -d)
		}
		if moved > goldenTolerance*largest {
			return fmt.Errorf("packing moved the logits of head %s, which was to stay as it is, by %g of %g: the file has no room for two large heads; use --kind plain", name, moved, largest)
		}
	}
	return nil
}

// plot draws how the held-out pictures were answered before, where there is a
// before, and after.
func (a adaptation) plot() ([]byte, error) {
	matrix := func(when string, h held) figures.Confusion {
		title := fmt.Sprintf("%s: %v", when, h.Balanced)
		if h.Balanced.Low == h.Balanced.High { // no spread was found, which does not mean that there is none
			title = fmt.Sprintf("%s: %.4f", when, h.Balanced.Value)
		}
		return figures.Confusion{Title: title, Classes: h.Classes, Counts: h.Confusion}
	}
	title := fmt.Sprintf("Answers to %d held-out pictures\nbalanced accuracy (95 %% interval); by colour alone: %.4f", a.Split.Judged, a.Colour.Balanced)
	if a.Before == nil {
		title += fmt.Sprintf("\nnone before: that head did not know %d of the %d classes", len(a.Unknown), len(a.Classes))
		return figures.ConfusionMatrices(title, matrix("after", a.After))
	}
	return figures.ConfusionMatrices(title, matrix("before", *a.Before), matrix("after", a.After))
}

// print tells people what was gained.
func (a adaptation) print(out io.Writer) error {
	m := a.Manifest
	fmt.Fprintf(out, "head %s (%s) of %d classes: %s\n%d pictures to train on, %d held out: %s\n", a.Head, a.Kind, len(a.Classes), names(a.Classes), a.Split.Train, a.Split.Judged, a.Split.Kind)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HELD-OUT PICTURES\tACCURACY (95 %)\tBALANCED ACCURACY (95 %)")
	if a.Before != nil {
		fmt.Fprintf(w, "before\t%v\t%v\n", a.Before.Accuracy, a.Before.Balanced)
	} else {
		fmt.Fprintf(w, "before\tdoes not know %s\t\n", names(a.Unknown))
	}
	fmt.Fprintf(w, "after\t%v\t%v\n", a.After.Accuracy, a.After.Balanced)
	fmt.Fprintf(w, "colour alone\t%.4f\t%.4f\n", a.Colour.Accuracy, a.Colour.Balanced)
	err := w.Flush()
	if a.After.Accuracy.Value == 1 {
		// Resampling pictures that are all right finds no spread.
		fmt.Fprintf(out, "all %d held-out pictures are right; with so few, up to %.0f %% of others may still be wrong (one-sided 95 %%)\n", a.Split.Judged, 100*(1-math.Pow(.05, 1/float64(a.Split.Judged))))
	}
	_, printed := fmt.Fprintf(out, "%s: %d bytes, version %s, SHA-256 %s, %.1f s\n", m.File, m.Bytes, m.Version, m.SHA256, a.Seconds)
	return errors.Join(err, printed)
}

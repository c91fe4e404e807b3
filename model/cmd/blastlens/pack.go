package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/lower"
	"blastlens/model/onnx"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

type packCmd struct {
	ONNX       string `name:"onnx" required:"" help:"Network to pack; its first output is the classifier, a second one the demonstration." placeholder:"FILE"`
	Record     string `required:"" help:"Training record of the classifier." placeholder:"FILE"`
	DemoRecord string `help:"Training record of the demonstration." placeholder:"FILE"`
	Classes    string `help:"Titles and groups of the classes: {\"Folder\": {\"title\": ..., \"group\": ...}}. Without it a folder's name is the title." placeholder:"FILE"`
	Check      string `help:"Compare packed and unpacked network on the record's validation pictures in this folder." placeholder:"DIR"`
	Version    string `name:"model-version" help:"Version of the model; by default the record's date and what it is."`
	Out        string `required:"" help:"File to write (.blm); the manifest goes beside it (.json)." placeholder:"FILE"`
	JSON       bool   `name:"json" help:"Print the manifest and the check as JSON."`
}

const (
	goldenSeed = 1
	// goldenTolerance is what the devices are held to: 2e-3 of the largest logit.
	goldenTolerance = 2e-3
	// margin between the two highest logits above which packing may not change the answer.
	margin = 0.05
)

// packed is what pack prints.
type packed struct {
	bundle.Manifest
	Check *checked `json:"check,omitempty"`
}

// checked compares a packed network with its original.
type checked struct {
	Pictures  int      `json:"pictures"`
	Different []string `json:"different"` // pictures above the margin whose answer changed
	Narrow    int      `json:"narrow"`    // pictures at or below the margin
	NarrowOff int      `json:"narrow_different"`
	Worst     float32  `json:"worst_logit_difference"`
}

func (c *packCmd) Run(s streams) error {
	if err := wantExtension("--out", c.Out, ".blm"); err != nil {
		return err
	}
	raw, err := os.ReadFile(c.ONNX)
	if err != nil {
		return err
	}
	g, err := onnx.Import(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.ONNX, err)
	}
	record, _, err := readRecord(c.Record)
	if err != nil {
		return err
	}
	p, err := lower.Lower(g, record.Size)
	if err != nil {
		return fmt.Errorf("%s: %w", c.ONNX, err)
	}
	heads, err := c.heads(p)
	if err != nil {
		return err
	}
	b := &bundle.Bundle{
		Version: c.Version, Network: record.Network, Heads: heads, Preprocess: adapt.Preprocess(record.Size), Plan: p,
		Golden: bundle.Golden{Seed: goldenSeed, Tolerance: goldenTolerance},
	}
	if b.Version == "" {
		how := "frozen"
		if record.Kind == wholeNetwork {
			how = "whole"
		}
		b.Version = datedVersion(record, heads[0].Name, how)
	}
	file, read, err := seal(b)
	if err != nil {
		return err
	}
	result := packed{Manifest: manifestOf(c.Out, file, b.Version)}
	s.sayf("%s: %d bytes (%.2f MB), %d steps, version %s, SHA-256 %s", result.File, result.Bytes, float64(result.Bytes)/1e6, len(p.Steps), b.Version, result.SHA256)
	if c.Check != "" {
		if result.Check, err = c.check(s, record, p, read.Plan); err != nil {
			return err
		}
		s.sayf("%d validation pictures: %d above a margin of %g, of these %d answered differently; %d others, of these %d answered differently; largest logit difference %.4f",
			result.Check.Pictures, result.Check.Pictures-result.Check.Narrow, margin, len(result.Check.Different), result.Check.Narrow, result.Check.NarrowOff, result.Check.Worst)
		if n := len(result.Check.Different); n > 0 {
			return fmt.Errorf("packing changed %d answers, nothing written: %s", n, strings.Join(result.Check.Different, ", "))
		}
	}
	if err := writeModel(c.Out, file, result.Manifest); err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(result)
	}
	return nil
}

// heads pairs the network's outputs with their records.
func (c *packCmd) heads(p *plan.Plan) ([]bundle.Head, error) {
	records := []string{c.Record}
	if c.DemoRecord != "" {
		records = append(records, c.DemoRecord)
	}
	if len(p.Outputs) != len(records) {
		return nil, fmt.Errorf("%s has %d outputs, --record and --demo-record name %d", c.ONNX, len(p.Outputs), len(records))
	}
	known := map[string]bundle.Class{}
	if err := readClasses(c.Classes, known); err != nil {
		return nil, err
	}
	var heads []bundle.Head
	for i, path := range records {
		r, raw, err := readRecord(path)
		if err != nil {
			return nil, err
		}
		var small bytes.Buffer
		if err := json.Compact(&small, raw); err != nil {
			return nil, fmt.Errorf("training record %s: %w", path, err)
		}
		h := bundle.Head{Name: p.Outputs[i].Name, Demonstration: i > 0, Classes: titled(r.Data.Classes, known), Record: small.Bytes()}
		if n := p.Values[p.Outputs[i].Value].Len(); n != len(r.Data.Classes) {
			return nil, fmt.Errorf("%s: output %s has %d values, %s has %d classes", c.ONNX, h.Name, n, path, len(r.Data.Classes))
		}
		heads = append(heads, h)
	}
	return heads, nil
}

// readClasses adds the titles and groups of --classes, if it is set, to known.
func readClasses(path string, known map[string]bundle.Class) error {
	if path == "" {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		return fmt.Errorf("--classes %s: %w", path, err)
	}
	return nil
}

// titled gives each class its title and group; one that is not known is titled
// by its name.
func titled(names []string, known map[string]bundle.Class) []bundle.Class {
	classes := make([]bundle.Class, len(names))
	for i, name := range names {
		classes[i] = known[name]
		classes[i].Name = name
		if classes[i].Title == "" {
			classes[i].Title = name
		}
	}
	return classes
}

// datedVersion is a model's version where none is asked for: the record's date,
// the head, and how it was made.
func datedVersion(r adapt.Record, head, how string) string {
	const day = len("2006-01-02")
	if len(r.Date) < day {
		return ""
	}
	return strings.ReplaceAll(r.Date[:day], "-", ".") + "-" + head + "-" + how
}

// manifestOf describes a model that is to be written at path.
func manifestOf(path string, file []byte, version string) bundle.Manifest {
	m := bundle.Seal(file)
	m.File, m.Version = filepath.Base(path), version
	return m
}

// writeModel writes a packed model, and its manifest beside it.
func writeModel(path string, file []byte, m bundle.Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(path, file); err != nil {
		return err
	}
	return writeFile(recordPath(path), append(text, '\n'))
}

// seal writes a bundle whose golden logits are those of the reference on the
// weights as they will be read, and returns the file and what it reads as. The
// logits stand in the file too and may move a weight into another encoding, so
// it is repeated until nothing changes.
func seal(b *bundle.Bundle) (file []byte, read *bundle.Bundle, err error) {
	for range 4 {
		var w bytes.Buffer
		if err := bundle.Write(&w, b); err != nil {
			return nil, nil, err
		}
		if read, err = bundle.Read(w.Bytes()); err != nil {
			return nil, nil, fmt.Errorf("reading back what was packed: %w", err)
		}
		session, err := cpu.NewRef().Prepare(read.Plan)
		if err != nil {
			return nil, nil, err
		}
		out, err := session.Run(bundle.GoldenInput(b.Golden.Seed, b.Preprocess.Size))
		session.Close()
		if err != nil {
			return nil, nil, err
		}
		golden := map[string][]float32{}
		for i, o := range read.Plan.Outputs {
			golden[o.Name] = out[i]
		}
		if reflect.DeepEqual(golden, b.Golden.Logits) {
			return w.Bytes(), read, nil
		}
		b.Golden.Logits = golden
	}
	return nil, nil, fmt.Errorf("packing does not settle: the golden logits change the encoding of the weights again and again")
}

// check runs both plans over the validation part of the record's first split.
func (c *packCmd) check(s streams, r adapt.Record, original, packed *plan.Plan) (*checked, error) {
	set, err := data.Read(c.Check)
	if err != nil {
		return nil, err
	}
	test, err := validation(set, r)
	if err != nil {
		return nil, fmt.Errorf("--check %s: %w", c.Check, err)
	}
	var sessions [2]device.Session
	for i, p := range []*plan.Plan{original, packed} {
		if sessions[i], err = cpu.New(1).Prepare(p); err != nil {
			return nil, err
		}
		defer sessions[i].Close()
	}
	type pair struct {
		logits [2][]float32
		err    error
	}
	told := progress(s.err, "comparing", len(test))
	pre := adapt.Preprocess(r.Size)
	result := &checked{Pictures: len(test), Different: []string{}}
	inOrder(test, runtime.GOMAXPROCS(0), func(i int) (p pair) {
		picture, err := set.Open(i)
		if err != nil {
			return pair{err: err}
		}
		x := tensor.Input(picture, pre.Size, pre.Mean, pre.Std)
		for k, session := range sessions {
			out, err := session.Run(x)
			if err != nil {
				return pair{err: err}
			}
			p.logits[k] = out[0]
		}
		return p
	}, func(k int, p pair) {
		told(k + 1)
		if p.err != nil {
			err = p.err
			return
		}
		for j, v := range p.logits[0] {
			result.Worst = max(result.Worst, v-p.logits[1][j], p.logits[1][j]-v)
		}
		n := len(p.logits[0])
		differs := adapt.Answers(p.logits[0], n)[0] != adapt.Answers(p.logits[1], n)[0]
		switch {
		case topTwo(p.logits[0]) <= margin:
			result.Narrow++
			if differs {
				result.NarrowOff++
			}
		case differs:
			result.Different = append(result.Different, set.Pictures[test[k]].Name)
		}
	})
	return result, err
}

// validation is the judging part of the split that the shipped head was trained
// on, cut again and compared with the record.
func validation(set *data.Set, r adapt.Record) ([]int, error) {
	f := r.Figures[0]
	split, err := set.Random(f.Seed, r.Valid)
	if r.Kind == adapted {
		split, _, err = holdOut(set, f.Seed, r.Valid)
	}
	if err != nil {
		return nil, err
	}
	if got := set.Hash(split); got != f.SHA256 {
		return nil, fmt.Errorf("its split has hash %s, the record's is %s: these are not the pictures of the training", got, f.SHA256)
	}
	return split.Folds[0].Test, nil
}

// topTwo is the distance between the two highest logits.
func topTwo(logits []float32) float32 {
	best := adapt.Answers(logits, len(logits))[0]
	distance := float32(-1)
	for i, v := range logits {
		if d := logits[best] - v; i != best && (distance < 0 || d < distance) {
			distance = d
		}
	}
	return distance
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/net"
	"blastlens/model/net/load"
)

type trainCmd struct {
	Frozen     bool   `help:"Leave the body as it is, compute its features once and train the head alone, with gorgonia."`
	Head       string `default:"fastai" enum:"fastai,plain" help:"Head to train: fastai's two layers, or plain, timm's single one."`
	Out        string `help:"Write weights here (safetensors, timm's names) and the training record beside them (.json)." placeholder:"FILE"`
	Cache      string `help:"With --frozen: keep the body's features in this folder, to be read when the same pictures meet the same body again." placeholder:"DIR"`
	RandomBody bool   `help:"With --frozen: also train heads on a body of random weights, as a control."`
	JSON       bool   `name:"json" help:"Print the training record as JSON."`
	Resume     bool   `help:"Go on from the checkpoint beside --out."`
	Contiguous bool   `help:"Also train and judge the whole network on contiguous fifths by file number: five more trainings."`
	Report     string `help:"Write an HTML report of the training of the whole network, with a run of the learning-rate finder." placeholder:"FILE"`
	pictures
	recipeFlags
	trainDevice
}

// pictures are the flags of what to train on and from where.
type pictures struct {
	Data  string  `help:"Folder with a subfolder of pictures for each class." required:"" placeholder:"DIR"`
	Init  string  `default:"random" help:"Weights to start from: timm's efficientnet_b3 safetensors, a packed model, a folder of EfficientNet-B4 tensors, or 'random'." placeholder:"PATH"`
	Size  int     `default:"224" help:"Pixels a side of the network's input."`
	Seed  uint64  `default:"1" help:"Seed of split, initial head, shuffling, augmentation and dropout."`
	Valid float64 `default:"0.2" help:"Share of the pictures in the random validation part."`
	Split string  `help:"Split made by 'data split' instead of the random one; its first fold is used." placeholder:"FILE"`
}

// folds is how many contiguous blocks a class is cut into.
const folds = 5

// options are the settings of a head, the same for every data set.
func options(head net.Head, seed uint64, epochs int) adapt.Options {
	o := adapt.Options{Seed: seed, Epochs: 20, Batch: 64, LearnRate: 1e-3, WeightDecay: .01, Dropout: [2]float64{.25, .5}, Smoothing: .1}
	if head == net.Plain {
		o.Epochs, o.LearnRate, o.Dropout = 30, 1e-3, [2]float64{}
	}
	if epochs > 0 {
		o.Epochs = epochs
	}
	return o
}

// Run trains, measures and writes. The weights are those of the random split's
// training part, so that its validation part remains unseen by what is packed.
func (c *trainCmd) Run(s streams) error {
	head, err := net.ParseHead(c.Head)
	if err != nil {
		return err
	}
	if c.Out != "" && filepath.Ext(c.Out) != ".safetensors" {
		return fmt.Errorf("--out %s: want a name that ends in .safetensors", c.Out)
	}
	if !c.Frozen {
		return c.whole(s, head)
	}
	if c.Device.kind == "gpu" || c.Precision == "mixed" {
		return errors.New("--device gpu and --precision mixed train the whole network; with --frozen gorgonia trains the head, on the processor")
	}
	set, err := data.Read(c.Data)
	if err != nil {
		return err
	}
	for _, r := range set.Refused {
		s.sayf("left out: %s: %s", r.Name, r.Reason)
	}
	s.sayf("%d pictures of %d classes: %s", len(set.Pictures), len(set.Classes), strings.Join(set.Classes, ", "))
	body, start, err := c.body(s, set, head)
	if err != nil {
		return err
	}
	random, err := set.Random(c.Seed, c.Valid)
	if err != nil {
		return err
	}
	o := options(head, c.Seed, c.headEpochs())
	r := adapt.Record{
		Kind: "frozen body, trained head", Network: net.Architecture, Head: string(head), Size: c.Size, Start: start,
		Date: time.Now().UTC().Format(time.RFC3339), Versions: versions(), Data: adapt.Describe(folderName(c.Data), set), Options: o,
		Views: adapt.Views, Valid: c.Valid,
		Shipped: "the head trained on the training part of the first split; its validation part stayed unseen",
	}
	splits := []data.Split{random}
	if contiguous, err := set.Contiguous(folds, data.Embargo); err != nil {
		s.sayf("no contiguous figure: %v", err)
		r.Notes = append(r.Notes, "no contiguous figure: "+err.Error())
	} else {
		splits = append(splits, contiguous)
	}
	if r.Body, err = origin(c.Init); err != nil {
		return fmt.Errorf("--init: %w", err)
	}
	splits, left, err := unseen(r.Body, set, splits)
	if err != nil {
		return fmt.Errorf("--init %s: %w", c.Init, err)
	}
	for _, note := range left {
		s.sayf("%s", note)
		r.Notes = append(r.Notes, note)
	}
	first, figures, err := c.measure(s, "features", set, body, splits, head, o)
	if err != nil {
		return err
	}
	r.Losses, r.Figures = first.Losses[0], figures
	if c.RandomBody {
		control, err := c.random(set, head)
		if err != nil {
			return err
		}
		if _, r.RandomBody, err = c.measure(s, "features of a random body", set, control, splits, head, o); err != nil {
			return err
		}
	}
	for name, t := range first.Heads[0].Params() {
		body[name] = t
	}
	if err := c.write(body, r); err != nil {
		return err
	}
	if c.JSON {
		err = s.printJSON(r)
	} else {
		err = printRecord(s.out, r)
	}
	if err == nil && len(set.Refused) > 0 {
		err = fmt.Errorf("%d of %d: %w", len(set.Refused), len(set.Refused)+len(set.Pictures), errSomeRefused)
	}
	return err
}

// body fills a network from --init and says in words where it came from.
func (c *trainCmd) body(s streams, set *data.Set, head net.Head) (net.Params, string, error) {
	var p net.Params
	var start string
	if c.Init == "random" {
		var err error
		if p, err = c.random(set, head); err != nil {
			return nil, "", err
		}
		start = fmt.Sprintf("random weights, seed %d, batch-norm statistics from a few of the pictures", c.Seed)
	} else {
		p = net.InitRandom(head, len(set.Classes), c.Seed)
		report, err := load.Into(p, net.Names(head, len(set.Classes)), c.Init)
		if err != nil {
			return nil, "", fmt.Errorf("--init: %w", err)
		}
		s.sayInit(c.Init, report)
		start = report.Source + " (" + folderName(c.Init) + ")"
	}
	// The head must learn on the features that it will meet in the tab.
	if err := load.Round(p); err != nil {
		return nil, "", fmt.Errorf("rounding the body as a packed model is: %w", err)
	}
	return p, start + ", rounded as packed", nil
}

// random is a body that learned nothing, but through which a signal passes.
func (c *trainCmd) random(set *data.Set, head net.Head) (net.Params, error) {
	p := net.InitRandom(head, len(set.Classes), c.Seed)
	return p, adapt.Calibrate(set, p, c.Size)
}

// measure extracts the features and judges a head on each split.
func (c *trainCmd) measure(s streams, what string, set *data.Set, body net.Params, splits []data.Split, head net.Head, o adapt.Options) (first adapt.Outcome, figures []adapt.Figure, err error) {
	told := progress(s.err, what, len(set.Pictures)*adapt.Views)
	var f adapt.Features
	if c.Cache != "" {
		f, err = adapt.Cached(c.Cache, set, body, c.Size, adapt.Views, told)
	} else {
		f, err = adapt.Extract(set, body, c.Size, adapt.Views, told)
	}
	if err != nil {
		return first, nil, err
	}
	for k, split := range splits {
		o.Epoch = counted(progress(s.err, fmt.Sprintf("epochs, split %d of %d", k+1, len(splits)), o.Epochs*len(split.Folds)))
		outcome, err := adapt.Judge(set, f, split, func(f adapt.Features, labels, rows []int) (adapt.Head, []float64, error) {
			return adapt.Train(head, f, labels, rows, len(set.Classes), o)
		})
		if err != nil {
			return first, nil, err
		}
		if k == 0 {
			first = outcome
		}
		figures = append(figures, outcome.Figure)
	}
	return first, figures, nil
}

// counted turns the ends of epochs, of several trainings at a time, into a count.
func counted(told func(done int)) func(epoch int, loss float64) {
	var lock sync.Mutex
	done := 0
	return func(int, float64) {
		lock.Lock()
		defer lock.Unlock()
		done++
		told(done)
	}
}

// write stores weights and record, if asked to.
func (c *trainCmd) write(params net.Params, r adapt.Record) error {
	if c.Out == "" {
		return nil
	}
	var weights bytes.Buffer
	if err := adapt.WriteSafetensors(&weights, params, map[string]string{"network": r.Network, "head": r.Head, "start": r.Start}); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(writeFile(c.Out, weights.Bytes()), writeFile(recordPath(c.Out), append(text, '\n')))
}

// recordPath is where the training record of a weights file lies, and the
// manifest of a packed model.
func recordPath(weights string) string {
	return strings.TrimSuffix(weights, filepath.Ext(weights)) + ".json"
}

// writeFile writes whole files only: what was there stays until all is written.
func writeFile(path string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", raw, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// folderName is the last two parts of a path: enough to recognise a data set,
// nothing of the machine.
func folderName(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() && strings.EqualFold(filepath.Base(path), "original") {
		return filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
	}
	return filepath.Base(path)
}

// versions are those of the things that a figure could depend on.
func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/gonum", "golang.org/x/image":
				v[m.Path] = m.Version
			}
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				v["blastlens"] = setting.Value
			}
		}
	}
	return v
}

// readRecord reads a training record that write wrote.
func readRecord(path string) (r adapt.Record, raw []byte, err error) {
	if raw, err = os.ReadFile(path); err != nil {
		return r, nil, fmt.Errorf("training record: %w", err)
	}
	r, err = parseRecord(path, raw)
	return r, raw, err
}

func parseRecord(name string, raw []byte) (r adapt.Record, err error) {
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("training record %s: %w", name, err)
	}
	if len(r.Figures) == 0 || len(r.Data.Classes) < 2 || r.Size < 32 {
		return r, fmt.Errorf("training record %s: it lacks figures, classes or the input's size", name)
	}
	return r, nil
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"blastlens/model/adapt"
	"blastlens/model/augment"
	"blastlens/model/data"
	"blastlens/model/figures"
	"blastlens/model/learn"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/tensor"
)

// wholeRun is a training of the whole network, made ready from flags.
type wholeRun struct {
	learn.Training
	set   *data.Set
	split data.Split
	start string // where the weights come from, in words
}

// prepare reads pictures and weights and builds the network.
func (p pictures) prepare(s streams, head net.Head, f recipeFlags) (*wholeRun, error) {
	recipe, list, err := f.recipe(p)
	if err != nil {
		return nil, err
	}
	if f.Preset == "paper" && p.Init == "random" {
		return nil, errors.New("--preset paper needs --init: the paper starts from ImageNet weights of EfficientNet-B3 (timm's safetensors)")
	}
	set, err := data.Read(p.Data)
	if err != nil {
		return nil, err
	}
	for _, r := range set.Refused {
		s.sayf("left out: %s: %s", r.Name, r.Reason)
	}
	r := &wholeRun{set: set}
	if p.Split != "" {
		r.split, err = set.ReadSplit(p.Split)
	} else {
		r.split, err = set.Random(p.Seed, p.Valid)
	}
	if err != nil {
		return nil, err
	}
	a := learn.B3(head, len(set.Classes), p.Size)
	if err := fits(a, recipe.Batch); err != nil {
		return nil, err
	}
	weights := net.InitRandom(head, len(set.Classes), p.Seed)
	r.start = fmt.Sprintf("random weights, seed %d", p.Seed)
	if p.Init != "random" {
		report, err := load.Into(weights, net.Names(head, len(set.Classes)), p.Init)
		if err != nil {
			return nil, fmt.Errorf("--init: %w", err)
		}
		s.sayInit(p.Init, report)
		r.start = report.Source + " (" + folderName(p.Init) + ")"
	}
	network, err := learn.New(a, recipe.Batch)
	if err != nil {
		return nil, err
	}
	if err := network.Load(weights); err != nil {
		return nil, err
	}
	fold := r.split.Folds[0]
	r.Training = learn.Training{
		Recipe: recipe, Network: network, Labels: set.Labels(), Train: fold.Train, Valid: fold.Test,
		Identity: strings.Join([]string{net.Architecture, string(head), fmt.Sprint(p.Size), r.start, set.Hash(r.split)}, " "),
		Loader:   &learn.Loader{Open: set.Open, Preprocess: adapt.Preprocess(p.Size), Batch: recipe.Batch},
	}
	if len(list) > 0 {
		r.Loader.Change = func(picture tensor.RGB8, epoch, i int) tensor.RGB8 {
			return list.Apply(picture, augment.Rand(recipe.Seed, epoch, i))
		}
	}
	summary := net.Summarise(head, len(set.Classes), p.Size)
	s.sayf("%s, %s head: %d parameters, %d of them trainable with a frozen body, %d frozen", net.Architecture, head, summary.Parameters, summary.Trainable, summary.Frozen)
	s.sayf("%s", startLine(r.start))
	s.sayf("recipe %s: %d frozen and %d free epochs, batch %d, highest rates %g (body) and %g (head), augmentation %s; %d pictures to train on, %d to judge (%s)",
		recipe.Name, recipe.Freeze, recipe.Epochs, recipe.Batch, recipe.Body, recipe.Head, recipe.Augment, len(r.Train), len(r.Valid), r.split.Kind)
	return r, nil
}

// fits refuses a batch for which the machine has no memory, and says which would fit.
func fits(a learn.Architecture, batch int) error {
	free := freeMemory()
	if free == 0 || learn.Memory(a, batch) < free {
		return nil
	}
	fit := batch
	for fit > 2 && learn.Memory(a, fit) >= free {
		fit /= 2
	}
	return fmt.Errorf("--batch %d needs about %.1f GB of memory, %.1f are free: --batch %d would fit", batch, float64(learn.Memory(a, batch))/1e9, float64(free)/1e9, fit)
}

// freeMemory is what the system says is available, in bytes; 0 where it does not say.
func freeMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kB int64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kB); n == 1 {
			return kB << 10
		}
	}
	return 0
}

// whole trains the whole network.
func (c *trainCmd) whole(s streams, head net.Head) error {
	r, err := c.prepare(s, head, c.recipeFlags)
	if err != nil {
		return err
	}
	defer r.Network.Close()
	if c.Out != "" {
		r.Checkpoint = c.beside(".checkpoint")
	}
	if c.Resume {
		if c.Out == "" {
			return errors.New("--resume needs --out: the checkpoint lies beside it")
		}
		if err := r.Resume(r.Checkpoint); err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
		s.sayf("going on after %d epochs", len(r.History()))
	}
	r.Told = watch(s.err)
	r.Finished = func(e learn.Epoch) {
		s.sayf("epoch %d: loss %.4f, validation loss %.4f, accuracy %.4f, balanced %.4f; %.1f pictures/s, %.0f %% of the time waiting for pictures; %s",
			e.Epoch, e.Train, e.Valid, e.Accuracy, e.Balanced, e.Pictures, 100*e.Waiting, startLine(r.start))
		if err := c.log(r.History()); err != nil {
			s.sayf("log: %v", err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.Run(ctx); errors.Is(err, learn.ErrStopped) {
		return fmt.Errorf("%w; go on with the same command and --resume", err)
	} else if err != nil {
		return err
	}
	logits, err := r.Predict(r.Valid)
	if err != nil {
		return err
	}
	best, _ := r.BestEpoch()
	record := adapt.Record{
		Kind: "whole network", Network: net.Architecture, Head: string(head), Size: c.Size, Start: r.start,
		Date: time.Now().UTC().Format(time.RFC3339), Versions: versions(), Data: adapt.Describe(folderName(c.Data), r.set), Valid: c.Valid,
		Shipped: fmt.Sprintf("those after epoch %d, the best on the validation part of the split, which chose the epoch", best),
		Recipe:  &r.Recipe, History: r.History(),
		Figures: []adapt.Figure{adapt.FigureOf(r.set, r.split, [][]int{adapt.Answers(logits, len(r.set.Classes))})},
	}
	if err := c.write(r.Network.Params(), record); err != nil {
		return err
	}
	if c.Report != "" {
		if err := r.report(c.Report, record, logits); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	if c.JSON {
		err = s.printJSON(record)
	} else {
		err = printRecord(s.out, record)
	}
	if err == nil && len(r.set.Refused) > 0 {
		err = fmt.Errorf("%d of %d: %w", len(r.set.Refused), len(r.set.Refused)+len(r.set.Pictures), errSomeRefused)
	}
	return err
}

// beside is --out with another ending.
func (c *trainCmd) beside(suffix string) string {
	return strings.TrimSuffix(c.Out, filepath.Ext(c.Out)) + suffix
}

// log writes the epochs so far as CSV, and their curves, beside --out.
func (c *trainCmd) log(history []learn.Epoch) error {
	if c.Out == "" {
		return nil
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.Write(strings.Split("epoch,frozen,train_loss,valid_loss,accuracy,balanced_accuracy,lr_body,lr_head,seconds,pictures_per_s,waiting", ","))
	var train, valid, accuracy []float64
	for _, e := range history {
		row := []string{fmt.Sprint(e.Epoch), fmt.Sprint(e.Frozen)}
		for _, v := range []float64{e.Train, e.Valid, e.Accuracy, e.Balanced, e.Body, e.Head, e.Seconds, e.Pictures, e.Waiting} {
			row = append(row, fmt.Sprintf("%.6g", v))
		}
		w.Write(row)
		train, valid, accuracy = append(train, e.Train), append(valid, e.Valid), append(accuracy, e.Accuracy)
	}
	w.Flush()
	loss, errLoss := figures.Loss("Training and validation loss", train, valid)
	share, errShare := figures.Accuracy("Accuracy and error rate", accuracy)
	if err := errors.Join(errLoss, errShare); err != nil {
		return err
	}
	return errors.Join(writeFile(c.beside(".csv"), text.Bytes()), writeFile(c.beside("-loss.png"), loss), writeFile(c.beside("-accuracy.png"), share))
}

// watch shows a training's steps: a bar on a terminal, a line every tenth of an
// epoch elsewhere.
func watch(w io.Writer) func(learn.Progress) {
	var told func(done int, what string)
	epoch := 0
	return func(p learn.Progress) {
		if p.Epoch != epoch {
			epoch, told = p.Epoch, described(w, p.Steps)
		}
		told(p.Step, fmt.Sprintf("epoch %d of %d, loss %.3f, %.1f pictures/s, %s left", p.Epoch, p.Epochs, p.Loss, p.Pictures, p.Left.Round(time.Second)))
	}
}

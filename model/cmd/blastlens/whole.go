package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
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
	"blastlens/model/learn/ongpu"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/tensor"
)

// wholeRun is a training of the whole network, made ready from flags.
type wholeRun struct {
	learn.Training
	set     *data.Set
	split   data.Split
	weights net.Params // those of the start
	start   string     // where they come from, in words
	head    net.Head
	size    int
	gpu     *ongpu.GPU // nil for the processor
}

// close frees what computes.
func (r *wholeRun) close() {
	if r.gpu != nil {
		r.gpu.Close()
	}
	r.Network.Close()
}

// prepare reads pictures and weights and builds the network, on a device. Whoever
// gets a run closes it.
func (p pictures) prepare(s streams, head net.Head, f recipeFlags, on trainDevice) (*wholeRun, error) {
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
	r := &wholeRun{set: set, head: head, size: p.Size}
	if p.Split != "" {
		r.split, err = set.ReadSplit(p.Split)
	} else {
		r.split, err = set.Random(p.Seed, p.Valid)
	}
	if err != nil {
		return nil, err
	}
	a := learn.B3(head, len(set.Classes), p.Size)
	r.weights = net.InitRandom(head, len(set.Classes), p.Seed)
	r.start = fmt.Sprintf("random weights, seed %d", p.Seed)
	if p.Init != "random" {
		report, err := load.Into(r.weights, net.Names(head, len(set.Classes)), p.Init)
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
	loader := &learn.Loader{Open: set.Open, Preprocess: adapt.Preprocess(p.Size), Batch: recipe.Batch}
	if len(list) > 0 {
		loader.Change = func(picture tensor.RGB8, epoch, i int) tensor.RGB8 {
			return list.Apply(picture, augment.Rand(recipe.Seed, epoch, i))
		}
	}
	r.Training = learn.Training{Recipe: recipe, Network: network, Labels: set.Labels(), Loader: loader}
	if r.gpu, err = on.open(s, network, recipe.Batch); err != nil {
		network.Close()
		return nil, err
	}
	if r.gpu != nil {
		r.Device = r.gpu
	}
	if err := r.begin(r.split, 0); err != nil {
		r.close()
		return nil, err
	}
	summary := net.Summarise(head, len(set.Classes), p.Size)
	s.sayf("%s, %s head: %d parameters, %d of them trainable with a frozen body, %d frozen", net.Architecture, head, summary.Parameters, summary.Trainable, summary.Frozen)
	s.sayf("%s", startLine(r.start))
	s.sayf("recipe %s: %d frozen and %d free epochs, batch %d, highest rates %g (body) and %g (head), augmentation %s; %d pictures to train on, %d to judge (%s)",
		recipe.Name, recipe.Freeze, recipe.Epochs, recipe.Batch, recipe.Body, recipe.Head, recipe.Augment, len(r.Train), len(r.Valid), r.split.Kind)
	return r, nil
}

// begin makes ready to train on fold k of a split, from the start's weights.
func (r *wholeRun) begin(split data.Split, k int) error {
	fold := split.Folds[k]
	identity := []string{net.Architecture, string(r.head), fmt.Sprint(r.size), r.start, r.set.Hash(split)}
	if k > 0 {
		identity = append(identity, fmt.Sprintf("fold %d", k+1))
	}
	r.Training = learn.Training{
		Recipe: r.Recipe, Network: r.Network, Labels: r.Labels, Loader: r.Loader, Device: r.Device, Told: r.Told, Finished: r.Finished,
		Train: fold.Train, Valid: fold.Test, Identity: strings.Join(identity, " "),
	}
	return r.Network.Load(r.weights)
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
	r, err := c.prepare(s, head, c.recipeFlags, c.trainDevice)
	if err != nil {
		return err
	}
	defer r.close()
	if c.Resume && c.Out == "" {
		return errors.New("--resume needs --out: the checkpoint lies beside it")
	}
	record := adapt.Record{
		Kind: wholeNetwork, Network: net.Architecture, Head: string(head), Size: c.Size, Start: r.start,
		Date: time.Now().UTC().Format(time.RFC3339), Versions: versions(), Data: adapt.Describe(folderName(c.Data), r.set), Valid: c.Valid,
		Recipe: &r.Recipe, Device: r.RunsOn(),
	}
	var fifths data.Split
	if c.Contiguous {
		if fifths, err = r.set.Contiguous(folds, data.Embargo); err != nil {
			return fmt.Errorf("--contiguous: %w", err)
		}
	}
	r.Told = watch(s.err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if c.Report != "" {
		if record.Finder, err = c.finder(ctx, r); err != nil {
			return err
		}
	}
	r.Finished = func(e learn.Epoch) {
		s.sayf("epoch %d: loss %.4f, validation loss %.4f, accuracy %.4f, balanced %.4f; %.1f pictures/s, %.0f %% of the time waiting for pictures, on %s; %s",
			e.Epoch, e.Train, e.Valid, e.Accuracy, e.Balanced, e.Pictures, 100*e.Waiting, r.RunsOn(), startLine(r.start))
		if err := c.log(r.History()); err != nil {
			s.sayf("log: %v", err)
		}
	}
	if c.Out != "" {
		r.Checkpoint = c.beside(".checkpoint")
	}
	if err := r.run(ctx, s, c.Resume); err != nil {
		return err
	}
	params := r.Network.Params()
	logits, err := r.judge(r.Valid)
	if err != nil {
		return err
	}
	best, _ := r.BestEpoch()
	record.Shipped = fmt.Sprintf("those after epoch %d, the best on the validation part of the split, which chose the epoch; judged rounded as packed", best)
	record.History = r.History()
	record.Figures = []adapt.Figure{adapt.FigureOf(r.set, r.split, [][]int{adapt.Answers(logits, len(r.set.Classes))})}
	if err := c.write(params, record); err != nil {
		return err
	}
	train, valid := r.Train, r.Valid
	if c.Contiguous {
		figure, err := c.contiguous(ctx, s, r, fifths)
		if err != nil {
			return err
		}
		record.Figures = append(record.Figures, figure)
		record.Notes = append(record.Notes, "contiguous fifths: a training of the same recipe for each, judged after its last epoch")
		if err := c.write(params, record); err != nil {
			return err
		}
	}
	if c.Report != "" {
		r.Train, r.Valid = train, valid
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

// run trains to the end, or on from the checkpoint.
func (r *wholeRun) run(ctx context.Context, s streams, resume bool) error {
	if resume {
		if err := r.Resume(r.Checkpoint); err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
		s.sayf("going on after %d epochs, from a checkpoint made on %s", len(r.History()), cmp.Or(r.CheckpointBy(), "cpu"))
	}
	err := r.Run(ctx)
	if errors.Is(err, learn.ErrStopped) {
		return fmt.Errorf("%w; go on with the same command and --resume", err)
	}
	if errors.Is(err, ongpu.ErrLost) && r.Checkpoint != "" && len(r.History()) > 0 {
		return fmt.Errorf("%w Nothing before it is lost: go on with the same command and --resume, on any --device", err)
	}
	return err
}

// judge computes the logits of pictures by the network as it will be packed. It
// leaves the network with those weights.
func (r *wholeRun) judge(pictures []int) ([]float32, error) {
	rounded := r.Network.Params()
	if err := load.Round(rounded); err != nil {
		return nil, fmt.Errorf("rounding the body as a packed model is: %w", err)
	}
	if err := r.Network.Load(rounded); err != nil {
		return nil, err
	}
	return r.Predict(pictures)
}

// contiguous trains anew for each fold of a split and judges it after the last
// epoch: no picture that is judged has chosen anything.
func (c *trainCmd) contiguous(ctx context.Context, s streams, r *wholeRun, split data.Split) (adapt.Figure, error) {
	answers := make([][]int, len(split.Folds))
	for k, fold := range split.Folds {
		r.Finished = func(e learn.Epoch) {
			s.sayf("fold %d of %d, epoch %d: loss %.4f; %.1f pictures/s", k+1, len(split.Folds), e.Epoch, e.Train, e.Pictures)
		}
		if err := r.begin(split, k); err != nil {
			return adapt.Figure{}, err
		}
		r.Valid = nil
		begun := false // by a run before this one
		if c.Out != "" {
			r.Checkpoint = c.beside(fmt.Sprintf("-fold%d.checkpoint", k+1))
			_, err := os.Stat(r.Checkpoint)
			begun = err == nil
		}
		if err := r.run(ctx, s, c.Resume && begun); err != nil {
			return adapt.Figure{}, fmt.Errorf("fold %d: %w", k+1, err)
		}
		logits, err := r.judge(fold.Test)
		if err != nil {
			return adapt.Figure{}, err
		}
		answers[k] = adapt.Answers(logits, len(r.set.Classes))
	}
	return adapt.FigureOf(r.set, split, answers), nil
}

// search is a learning-rate range test as it is kept beside --out.
type search struct {
	Identity string        `json:"identity"` // of the training that it belongs to
	Finder   *learn.Finder `json:"finder"`
}

// finder is the range test from the start's weights, for the report; a training
// that goes on takes it from beside --out.
func (c *trainCmd) finder(ctx context.Context, r *wholeRun) (*learn.Finder, error) {
	if c.Resume {
		var kept search
		if raw, err := os.ReadFile(c.beside("-lrfind.json")); err == nil && json.Unmarshal(raw, &kept) == nil && kept.Identity == r.Identity {
			return kept.Finder, nil
		}
	}
	found, err := r.Find(ctx)
	if err != nil || c.Out == "" {
		return found, err
	}
	text, err := json.Marshal(search{r.Identity, found})
	if err != nil {
		return nil, err
	}
	return found, writeFile(c.beside("-lrfind.json"), text)
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

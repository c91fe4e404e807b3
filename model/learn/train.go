package learn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"blastlens/model/evaluate"
	"blastlens/model/net"
)

// ErrStopped is wrapped where a training was asked to stop and can be resumed.
var ErrStopped = errors.New("stopped")

// ErrNotFinite is wrapped where a loss, gradient or weight became NaN or infinite.
var ErrNotFinite = errors.New("not a finite number")

// Epoch is what an epoch showed.
type Epoch struct {
	Epoch    int     `json:"epoch"` // from 1
	Frozen   bool    `json:"frozen"`
	Train    float64 `json:"train_loss"`
	Valid    float64 `json:"valid_loss"`
	Accuracy float64 `json:"accuracy"`
	Balanced float64 `json:"balanced_accuracy"`
	Body     float64 `json:"lr_body"` // rates at its last step
	Head     float64 `json:"lr_head"`
	Seconds  float64 `json:"seconds"`
	Pictures float64 `json:"pictures_per_s"` // while training
	Waiting  float64 `json:"waiting"`        // share of that time spent waiting for the loader
}

// Progress is what a watcher is told after each step.
type Progress struct {
	Epoch, Epochs, Step, Steps int
	Loss                       float64 // smoothed
	Pictures                   float64 // a second
	Left                       time.Duration
}

// Training is a recipe at work on some pictures. Labels are by picture.
type Training struct {
	Recipe  Recipe
	Network *Network
	Loader  *Loader
	Labels  []int
	Train   []int
	Valid   []int // judged after each epoch; may be empty
	// Identity is a hash of all that a checkpoint must share with this training:
	// network, pictures, split.
	Identity string
	// Checkpoint is the file that is written after each epoch and on a stop; "" for none.
	Checkpoint string
	// Device computes; the processor where it is nil.
	Device Device
	// Told and Finished watch steps and epochs; nil for none.
	Told     func(Progress)
	Finished func(Epoch)

	state        state
	optimiser    *AdamW
	checkpointBy string
}

// state is what a checkpoint holds beside weights and moments.
type state struct {
	Epoch, Step int // the next step to take
	Loss        float64
	Seen        int       // pictures in the epoch so far
	Average     []float32 // EMA of all parameters and statistics, one after the other
	Best        []float32 // weights of the best epoch, likewise
	BestScore   float64
	BestEpoch   int
	History     []Epoch
}

// History is the epochs so far.
func (t *Training) History() []Epoch { return t.state.History }

// RunsOn is "cpu", or the adapter that computes.
func (t *Training) RunsOn() string {
	if t.Device == nil {
		return (&processor{}).Describe()
	}
	return t.Device.Describe()
}

// CheckpointBy is the device that the checkpoint was made on from which the
// training went on; "" if it did not.
func (t *Training) CheckpointBy() string { return t.checkpointBy }

// BestEpoch is the epoch whose weights the network has after Run, and its
// balanced accuracy on the validation part.
func (t *Training) BestEpoch() (epoch int, balanced float64) {
	return t.state.BestEpoch, t.state.BestScore
}

// cycle is the one-cycle that an epoch belongs to, and its first epoch.
func (t *Training) cycle(epoch, steps int) (OneCycle, int) {
	if epoch < t.Recipe.Freeze {
		return OneCycle{Body: t.Recipe.Body, Head: t.Recipe.Head, Steps: t.Recipe.Freeze * steps}, 0
	}
	return OneCycle{Body: t.Recipe.Body, Head: t.Recipe.Head, Steps: t.Recipe.Epochs * steps}, t.Recipe.Freeze
}

// Run trains to the end of the recipe, or until ctx is done; then it writes the
// checkpoint and returns ErrStopped. At the end the network has the weights of
// its best epoch on the validation part (of the last one where there is none).
func (t *Training) Run(ctx context.Context) error {
	if err := t.prepare(); err != nil {
		return err
	}
	epochs := t.Recipe.Freeze + t.Recipe.Epochs
	for t.state.Epoch < epochs {
		if err := t.epoch(ctx, epochs); err != nil {
			return err
		}
		if p := t.Recipe.Patience; p > 0 && t.state.Epoch > t.Recipe.Freeze && t.state.Epoch-t.state.BestEpoch >= p {
			break
		}
	}
	if t.state.Best != nil {
		t.Network.put(t.state.Best)
	}
	return nil
}

func (t *Training) prepare() error {
	if err := t.Recipe.Check(); err != nil {
		return err
	}
	if len(t.Train) < t.Recipe.Batch {
		return fmt.Errorf("learn: %d pictures to train on do not fill a batch of %d", len(t.Train), t.Recipe.Batch)
	}
	if t.optimiser == nil {
		t.optimiser = NewAdamW(t.Network)
		t.optimiser.Decay = t.Recipe.Decay
	}
	if t.Recipe.EMA > 0 && t.state.Average == nil {
		t.state.Average = t.Network.take()
	}
	if t.Device == nil {
		t.Device = &processor{}
	}
	return nil
}

// held is the state as a device is to have it. The finder and Bench go without an average.
func (t *Training) held(average []float32) State { return State{t.Network, t.optimiser, average} }

// keep is what the average keeps in the next step. Early on it is less, so that
// the average does not remember the start.
func (t *Training) keep() float64 {
	step := float64(t.optimiser.Step + 1)
	return min(t.Recipe.EMA, (1+step)/(10+step))
}

// failed says at which step a device gave up, and what is left.
func (t *Training) failed(step int, err error) error {
	return fmt.Errorf("learn: epoch %d, step %d, on %s: %w. %s", t.state.Epoch+1, step+1, t.Device.Describe(), err, t.lastGood())
}

// epoch goes on with the epoch that state names, from its next step. An epoch's
// last, incomplete batch is left out, as in fastai.
func (t *Training) epoch(ctx context.Context, epochs int) error {
	s := &t.state
	n, r := t.Network, t.Recipe
	frozen := s.Epoch < r.Freeze
	order := Order(t.Train, r.Seed, s.Epoch)
	steps := len(order) / r.Batch
	cycle, first := t.cycle(s.Epoch, steps)
	var weights []float64
	if r.ClassEqual {
		weights = ClassWeights(pick(t.Labels, t.Train), n.Classes)
	}
	if s.Step == 0 {
		s.Loss, s.Seen = 0, 0
	}
	quit := make(chan struct{})
	defer close(quit)
	batches := t.Loader.Batches(order[s.Step*r.Batch:steps*r.Batch], s.Epoch, true, quit)
	var waited time.Duration
	start, begun := time.Now(), s.Seen
	target := make([]float32, r.Batch*n.Classes)
	var rates Rates
	smooth := 0.0
	if err := t.Device.Send(t.held(s.Average)); err != nil {
		return t.failed(s.Step, err)
	}
	for ; s.Step < steps; s.Step++ {
		if ctx.Err() != nil {
			err := t.Device.Fetch(t.held(s.Average))
			if err == nil {
				err = t.save()
			}
			return errors.Join(fmt.Errorf("learn: %w in epoch %d, before step %d of %d", ErrStopped, s.Epoch+1, s.Step+1, steps), err)
		}
		b, ok := receive(batches, &waited)
		if !ok {
			return errors.New("learn: BUG: the loader ended early")
		}
		if b.Err != nil {
			return fmt.Errorf("learn: %w", b.Err)
		}
		chance := rand.New(rand.NewPCG(r.Seed, uint64(s.Epoch)<<32|uint64(s.Step)))
		Targets(target, pick(t.Labels, b.Pictures), n.Classes, r.Smoothing, weights)
		if r.Mixup > 0 {
			Mixup(b.X, target, r.Batch, r.Mixup, chance)
		}
		rates = cycle.At((s.Epoch-first)*steps + s.Step)
		o, err := t.Device.Step(b, target, Hyper{Rates: rates, Frozen: frozen, Clip: r.Clip, Keep: t.keep(), Chance: chance})
		if err != nil {
			return t.failed(s.Step, err)
		}
		loss := o.Loss
		if !o.Skipped && !o.finite() {
			return fmt.Errorf("learn: epoch %d, step %d: loss %g, gradient %g: %w, first in %s; a lower learning rate helps. %s",
				s.Epoch+1, s.Step+1, loss, o.Norm, ErrNotFinite, t.Device.Broken(), t.lastGood())
		}
		s.Loss += loss
		s.Seen += r.Batch
		if smooth == 0 {
			smooth = loss
		}
		smooth += .1 * (loss - smooth)
		if t.Told != nil {
			speed := float64(s.Seen-begun) / time.Since(start).Seconds()
			left := ((epochs-s.Epoch)*steps - s.Step - 1) * r.Batch
			t.Told(Progress{s.Epoch + 1, epochs, s.Step + 1, steps, smooth, speed, time.Duration(float64(left) / speed * float64(time.Second))})
		}
	}
	took := time.Since(start)
	if err := t.Device.Fetch(t.held(s.Average)); err != nil {
		return t.failed(steps-1, err)
	}
	e := Epoch{
		Epoch: s.Epoch + 1, Frozen: frozen, Train: s.Loss / float64(steps), Body: rates.Body, Head: rates.Head,
		Pictures: float64(s.Seen-begun) / took.Seconds(), Waiting: waited.Seconds() / took.Seconds(),
	}
	if err := t.judge(&e); err != nil {
		return err
	}
	e.Seconds = time.Since(start).Seconds()
	s.History = append(s.History, e)
	s.Epoch, s.Step = s.Epoch+1, 0
	if t.Finished != nil {
		t.Finished(e)
	}
	return t.save()
}

// judge measures the validation part with the averaged weights, if there are
// any, and keeps the best.
func (t *Training) judge(e *Epoch) error {
	s, n := &t.state, t.Network
	if s.Average != nil {
		current := n.take()
		n.put(s.Average)
		defer n.put(current)
	}
	if len(t.Valid) > 0 {
		logits, err := t.Predict(t.Valid)
		if err != nil {
			return err
		}
		labels := pick(t.Labels, t.Valid)
		target := make([]float32, len(logits))
		Targets(target, labels, n.Classes, 0, nil)
		e.Valid = CrossEntropy(make([]float32, len(logits)), logits, target, len(labels))
		c := evaluate.NewConfusion(n.Classes, labels, answers(logits, n.Classes))
		e.Accuracy, e.Balanced = c.Accuracy(), c.Balanced()
	}
	if s.Best == nil || e.Balanced >= s.BestScore {
		s.Best, s.BestScore, s.BestEpoch = n.take(), e.Balanced, e.Epoch
	}
	return nil
}

// Predict computes the logits of pictures as they are, with running statistics.
func (t *Training) Predict(pictures []int) ([]float32, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	if err := t.Device.Send(t.held(t.state.Average)); err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	quit := make(chan struct{})
	defer close(quit)
	var all []float32
	for b := range t.Loader.Batches(pictures, 0, false, quit) {
		if b.Err != nil {
			return nil, fmt.Errorf("learn: %w", b.Err)
		}
		logits, err := t.Device.Logits(b)
		if err != nil {
			return nil, fmt.Errorf("learn: judging, on %s: %w. %s", t.Device.Describe(), err, t.lastGood())
		}
		all = append(all, logits...)
	}
	return all, nil
}

// Find runs the learning-rate range test and restores the weights.
func (t *Training) Find(ctx context.Context) (*Finder, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	n, r := t.Network, t.Recipe
	before := n.take()
	defer func() {
		n.put(before)
		t.optimiser = nil
	}()
	f := &Finder{}
	target := make([]float32, r.Batch*n.Classes)
	if err := t.Device.Send(t.held(nil)); err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	for epoch := 0; ; epoch++ {
		order := Order(t.Train, r.Seed, epoch)
		quit := make(chan struct{})
		goOn := true
		for b := range t.Loader.Batches(order[:len(order)/r.Batch*r.Batch], epoch, true, quit) {
			if b.Err != nil || ctx.Err() != nil {
				close(quit)
				return nil, errors.Join(b.Err, ctx.Err())
			}
			rate := FinderRate(len(f.Rates))
			chance := rand.New(rand.NewPCG(r.Seed, uint64(len(f.Rates))))
			Targets(target, pick(t.Labels, b.Pictures), n.Classes, r.Smoothing, nil)
			o, err := t.Device.Step(b, target, Hyper{Rates: Rates{rate, rate, slowest}, Frozen: r.Freeze > 0, Chance: chance})
			if err != nil {
				close(quit)
				return nil, fmt.Errorf("learn: step %d of the finder, on %s: %w", len(f.Rates)+1, t.Device.Describe(), err)
			}
			if goOn = f.Add(o.Loss); !goOn {
				break
			}
			if t.Told != nil {
				t.Told(Progress{Epoch: 1, Epochs: 1, Step: len(f.Rates), Steps: FinderSteps, Loss: f.Losses[len(f.Losses)-1]})
			}
		}
		close(quit)
		if !goOn {
			return f, nil
		}
	}
}

// Arrays are all that a network knows: parameters, then running statistics.
func (n *Network) Arrays() [][]float32 {
	var all [][]float32
	for _, p := range n.Parameters {
		all = append(all, p.Value)
	}
	for _, s := range n.statistics() {
		all = append(all, s.data)
	}
	return all
}

// take copies arrays into one; put is its inverse.
func (n *Network) take() []float32 {
	var all []float32
	for _, v := range n.Arrays() {
		all = append(all, v...)
	}
	return all
}

func (n *Network) put(all []float32) {
	for _, v := range n.Arrays() {
		copy(v, all)
		all = all[len(v):]
	}
}

func pick(labels, pictures []int) []int {
	picked := make([]int, len(pictures))
	for k, i := range pictures {
		picked[k] = labels[i]
	}
	return picked
}

// answers is the top class of each row of logits.
func answers(logits []float32, classes int) []int {
	all := make([]int, len(logits)/classes)
	for i := range all {
		for c, v := range logits[i*classes : (i+1)*classes] {
			if v > logits[i*classes+all[i]] {
				all[i] = c
			}
		}
	}
	return all
}

// Memory is what a network for batches of a given size takes in training, in
// bytes, about: maps before and after each batch-norm (of an expansion before
// only), and gradients.
func Memory(a Architecture, batch int) int64 {
	side, values, widest := a.Size, 0, 0
	add := func(c net.Conv, maps int) {
		side = (side-1)/c.Stride + 1
		values += maps * side * side * c.Out
		widest = max(widest, side*side*c.Out)
	}
	add(a.Stem, 2)
	for _, b := range a.Blocks {
		if b.Expands() {
			add(b.Expansion(), 1)
		}
		add(b.Depthwise(), 2)
		add(b.Projection(), 2)
	}
	add(a.Last, 2)
	return 4 * int64(batch) * int64(values+4*widest)
}

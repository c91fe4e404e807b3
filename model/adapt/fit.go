package adapt

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
)

// Options are the settings of one training. They are fixed before any figure is
// looked at; nothing is tuned on the pictures that judge.
type Options struct {
	Seed        uint64     `json:"seed"`
	Epochs      int        `json:"epochs"`
	Batch       int        `json:"batch"`
	LearnRate   float64    `json:"learn_rate"`   // highest, of a one-cycle with cosine
	WeightDecay float64    `json:"weight_decay"` // decoupled, matrices only
	Dropout     [2]float64 `json:"dropout"`      // before the first and the last linear layer
	Smoothing   float64    `json:"label_smoothing"`
	// Epoch is called after each epoch with its mean training loss.
	Epoch func(epoch int, loss float64) `json:"-"`
}

// Adam's constants, as fastai sets them.
const (
	beta1       = 0.9
	beta2       = 0.99
	adamEpsilon = 1e-5
)

// oneCycle is the learning rate at step i of n: up from a 25th in the first
// quarter, down to nearly nothing in the rest, cosine both ways.
func oneCycle(highest float64, i, n int) float64 {
	const rise, div, divFinal = .25, 25, 1e5
	cosine := func(from, to, t float64) float64 { return from + (to-from)*(1-math.Cos(math.Pi*t))/2 }
	t := float64(i) / float64(n)
	if t < rise {
		return cosine(highest/div, highest, t/rise)
	}
	return cosine(highest, highest/divFinal, (t-rise)/(1-rise))
}

// fit runs a tape over z, one label a row, and leaves what was learned in the
// tape's parameters. It returns the mean loss of each epoch. An epoch's last,
// incomplete batch is left out, as in fastai; the next shuffle brings others there.
func fit(t *tape, z Features, labels []int, o Options) ([]float64, error) {
	if t.err != nil {
		return nil, t.err
	}
	machine := gorgonia.NewTapeMachine(t.graph, gorgonia.BindDualValues(t.learn()...))
	defer machine.Close()
	solver := gorgonia.NewAdamSolver(gorgonia.WithBeta1(beta1), gorgonia.WithBeta2(beta2), gorgonia.WithEps(adamEpsilon))
	gradients := gorgonia.NodesToValueGrads(t.learn())
	chance := rand.New(rand.NewPCG(o.Seed, 0xada97))

	order := make([]int, z.Rows)
	for i := range order {
		order[i] = i
	}
	steps := z.Rows / t.batch
	var losses []float64
	for epoch := range o.Epochs {
		chance.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		sum := 0.0
		for step := range steps {
			t.fill(z, labels, order[step*t.batch:(step+1)*t.batch], o.Smoothing, chance)
			if err := machine.RunAll(); err != nil {
				return nil, fmt.Errorf("adapt: epoch %d, step %d: %w", epoch+1, step+1, err)
			}
			loss := float64(t.cost.Data().(float32))
			if math.IsNaN(loss) || math.IsInf(loss, 0) {
				return nil, fmt.Errorf("adapt: epoch %d, step %d: the loss is %v; a lower learning rate than %g is needed", epoch+1, step+1, loss, o.LearnRate)
			}
			sum += loss
			rate := oneCycle(o.LearnRate, epoch*steps+step, o.Epochs*steps)
			t.decay(rate * o.WeightDecay)
			gorgonia.WithLearnRate(rate)(solver)
			if err := solver.Step(gradients); err != nil {
				return nil, fmt.Errorf("adapt: Adam: %w", err)
			}
			machine.Reset()
		}
		losses = append(losses, sum/float64(steps))
		if o.Epoch != nil {
			o.Epoch(epoch+1, losses[epoch])
		}
	}
	return losses, nil
}

// fill writes one batch into the tape's inputs and draws its dropout masks.
func (t *tape) fill(z Features, labels, rows []int, smoothing float64, chance *rand.Rand) {
	x := t.x.Value().Data().([]float32)
	y := t.target.Value().Data().([]float32)
	classes := len(y) / t.batch
	for k, i := range rows {
		copy(x[k*z.Width:], z.Row(i))
		for c := range classes {
			y[k*classes+c] = float32(smoothing / float64(classes))
		}
		y[k*classes+labels[i]] += float32(1 - smoothing)
	}
	for _, m := range t.masks {
		keep := float32(1 / (1 - m.p))
		limit := uint32(m.p * (1 << 32))
		data := m.node.Value().Data().([]float32)
		for i := range data {
			data[i] = 0
			if chance.Uint32() >= limit {
				data[i] = keep
			}
		}
	}
}

func (t *tape) decay(by float64) {
	keep := float32(1 - by)
	for _, p := range t.params {
		if !p.decay {
			continue
		}
		for i := range p.value {
			p.value[i] *= keep
		}
	}
}

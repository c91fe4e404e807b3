package adapt

import (
	"fmt"
	"runtime"
	"sync"

	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/learn"
)

// Record is what a training leaves beside its weights, and what travels in the
// bundle to the page's "about this model".
type Record struct {
	Kind       string            `json:"kind"` // "frozen body, trained head", "whole network"
	Network    string            `json:"network"`
	Head       string            `json:"head"`
	Size       int               `json:"size"`  // pixels a side of the network's input
	Start      string            `json:"start"` // where the body's weights come from
	Date       string            `json:"date"`  // RFC 3339
	Versions   map[string]string `json:"versions"`
	Data       DataRecord        `json:"data"`
	Options    Options           `json:"options"`
	Shipped    string            `json:"shipped"` // which of the trainings the weights are from
	Valid      float64           `json:"valid"`   // share of the pictures in the first split's validation part
	Views      int               `json:"views"`   // mirrored copies of a picture to train on, itself included
	Losses     []float64         `json:"losses"`  // of that training, an epoch
	Figures    []Figure          `json:"figures"`
	RandomBody []Figure          `json:"random_body,omitempty"` // the same on a body of random weights: a control
	Notes      []string          `json:"notes,omitempty"`
	Body       *Origin           `json:"body_trained_on,omitempty"` // of a head on a body that pictures have trained

	// Of a training of the whole network; Options, Losses and Views are then empty.
	Recipe  *learn.Recipe `json:"recipe,omitempty"`
	Device  string        `json:"device,omitempty"` // cpu, or the adapter that computed
	History []learn.Epoch `json:"history,omitempty"`
	Finder  *learn.Finder `json:"finder,omitempty"`
}

// Origin is the split that a body was trained on: its training part is not
// unseen by any head on that body.
type Origin struct {
	Data    string   `json:"data"`
	Classes []string `json:"classes"`
	Counts  []int    `json:"counts"`
	Seed    uint64   `json:"seed"`
	Valid   float64  `json:"valid"`
	SHA256  string   `json:"split_sha256"`
}

// DataRecord describes the pictures without naming a single one.
type DataRecord struct {
	Name       string         `json:"name"` // last part of the folder's path
	Classes    []string       `json:"classes"`
	Counts     []int          `json:"counts"`
	Pictures   int            `json:"pictures"`
	Duplicates int            `json:"duplicates"` // pictures that are byte-identical to an earlier one
	Refused    []data.Refusal `json:"refused,omitempty"`
}

// Score is how often answers are right.
type Score struct {
	Accuracy float64 `json:"accuracy"`
	Balanced float64 `json:"balanced_accuracy"` // mean recall of the classes
}

// Figure is a score with all that it depends on. Answers of all folds are pooled.
type Figure struct {
	Split      string `json:"split"`
	SHA256     string `json:"split_sha256"`
	Seed       uint64 `json:"seed"`
	Folds      int    `json:"folds"`
	Judged     int    `json:"judged"`     // pictures, all folds
	Embargoed  int    `json:"embargoed"`  // left out of training, all folds
	Duplicates int    `json:"duplicates"` // left out of judging, all folds
	Score
	Recall    []float64          `json:"recall"` // a class
	Confusion evaluate.Confusion `json:"confusion"`
	// FoldBalanced is the balanced accuracy of each fold alone.
	FoldBalanced []float64 `json:"fold_balanced_accuracy,omitempty"`
	Colour       Control   `json:"colour_only"`
}

// Control is what something that cannot see shape scores on the same split.
type Control struct {
	Method string `json:"method"`
	Score
}

const (
	neighbours   = 5
	colourMethod = "5 nearest neighbours on mean and standard deviation of R, G, B (Euclidean, not scaled)"
)

// Trainer trains a head on the given rows of features.
type Trainer func(f Features, labels, rows []int) (Head, []float64, error)

// Outcome is a figure and the heads behind it.
type Outcome struct {
	Figure Figure
	Heads  []Head      // one a fold
	Losses [][]float64 // of each head
}

// Judge trains one head a fold, on all cores, and counts its answers on the
// pictures that it has not seen. It trains on all views of a picture that the
// features hold, and judges on the picture as it is.
func Judge(set *data.Set, f Features, split data.Split, train Trainer) (Outcome, error) {
	labels, n := set.Labels(), len(set.Classes)
	out := Outcome{Heads: make([]Head, len(split.Folds)), Losses: make([][]float64, len(split.Folds))}
	answers := make([][]int, len(split.Folds))
	errs := make([]error, len(split.Folds))
	var running sync.WaitGroup
	slots := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))
	for k, fold := range split.Folds {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out.Heads[k], out.Losses[k], errs[k] = train(f, f.viewedLabels(labels), f.viewed(fold.Train, len(labels)))
			if errs[k] == nil {
				answers[k] = Answers(out.Heads[k].Logits(f, fold.Test), n)
			}
		})
	}
	running.Wait()
	for k, err := range errs {
		if err != nil {
			return Outcome{}, fmt.Errorf("%s, fold %d: %w", split.Kind, k+1, err)
		}
	}
	out.Figure = FigureOf(set, split, answers)
	return out, nil
}

// FigureOf counts the answers to the judging part of each fold, in its order,
// and sets the colour control beside them.
func FigureOf(set *data.Set, split data.Split, answers [][]int) Figure {
	labels, colours, n := set.Labels(), set.Colours(), len(set.Classes)
	var truth, said, colour []int
	f := Figure{Split: split.Kind, SHA256: set.Hash(split), Seed: split.Seed, Folds: len(split.Folds)}
	for k, fold := range split.Folds {
		t := pick(labels, fold.Test)
		truth, said = append(truth, t...), append(said, answers[k]...)
		colour = append(colour, evaluate.Neighbours(neighbours, colours, labels, fold.Train, fold.Test)...)
		f.Judged += len(fold.Test)
		f.Embargoed += fold.Embargoed
		f.Duplicates += fold.Duplicates
		if len(split.Folds) > 1 {
			f.FoldBalanced = append(f.FoldBalanced, evaluate.NewConfusion(n, t, answers[k]).Balanced())
		}
	}
	f.Confusion = evaluate.NewConfusion(n, truth, said)
	f.Score, f.Recall = ScoreOf(f.Confusion), f.Confusion.Recalls()
	f.Colour = Control{Method: colourMethod, Score: ScoreOf(evaluate.NewConfusion(n, truth, colour))}
	return f
}

// ScoreOf sums up a confusion.
func ScoreOf(c evaluate.Confusion) Score {
	return Score{Accuracy: c.Accuracy(), Balanced: c.Balanced()}
}

// Describe records a set.
func Describe(name string, set *data.Set) DataRecord {
	d := DataRecord{Name: name, Classes: set.Classes, Counts: set.Counts(), Pictures: len(set.Pictures), Refused: set.Refused}
	for _, group := range set.Duplicates() {
		d.Duplicates += len(group) - 1
	}
	return d
}

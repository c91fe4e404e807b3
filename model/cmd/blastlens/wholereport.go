package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/figures"
	"blastlens/model/report"
	"blastlens/wasm/verdict"
)

// cells is how many pictures a grid of samples or predictions has, as in the paper.
const cells = 16

// report writes the training with all figures of the paper. logits are those of
// the validation part. The report holds pictures of the data set and is for whoever
// has the set, not for publication.
func (r *wholeRun) report(path string, record adapt.Record, logits []float32) error {
	classes := len(r.set.Classes)
	var probabilities [][]float64
	for i := range r.Valid {
		probabilities = append(probabilities, verdict.Softmax(logits[i*classes:(i+1)*classes]))
	}
	truth := make([]int, len(r.Valid))
	for k, i := range r.Valid {
		truth[k] = r.Labels[i]
	}
	e := evaluated{Version: "not packed", Head: record.Head, Data: record.Data.Name, Split: r.split.Kind + ": validation part", Classes: r.set.Classes, Judged: len(r.Valid), GroupedBy: data.GroupsInWords}
	var err error
	if e.Metrics, err = evaluate.Measure(e.Classes, truth, probabilities, numbered(r.set.Groups(), r.Valid), bootstrapSeed); err != nil {
		return err
	}
	e.Confusion = e.Metrics.Confusion
	f, err := plot(e, r.set, record, truth, probabilities)
	if err != nil {
		return err
	}
	samples, err := r.samples()
	if err != nil {
		return err
	}
	f.Samples = report.Figure{PNG: samples, Of: "training part"}
	predictions, err := r.predictions(truth, probabilities)
	if err != nil {
		return err
	}
	f.Predictions = report.Figure{PNG: predictions, Of: "validation part, worst first"}
	told, err := reported(e, r.set, record, f)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.Write(&page, told); err != nil {
		return err
	}
	return writeFile(path, page.Bytes())
}

func (r *wholeRun) samples() ([]byte, error) {
	var shown []figures.Cell
	for k := range min(cells, len(r.Train)) {
		i := r.Train[k*len(r.Train)/min(cells, len(r.Train))]
		picture, err := r.set.Open(i)
		if err != nil {
			return nil, err
		}
		shown = append(shown, figures.Cell{Picture: picture, Caption: r.set.Classes[r.Labels[i]]})
	}
	return figures.Grid("", shown, 4)
}

// predictions are the pictures that the network gave the least to their class.
func (r *wholeRun) predictions(truth []int, probabilities [][]float64) ([]byte, error) {
	order := make([]int, len(truth))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[a][truth[a]], probabilities[b][truth[b]]) })
	var shown []figures.Cell
	for _, k := range order[:min(cells, len(order))] {
		picture, err := r.set.Open(r.Valid[k])
		if err != nil {
			return nil, err
		}
		said := 0
		for c, p := range probabilities[k] {
			if p > probabilities[k][said] {
				said = c
			}
		}
		shown = append(shown, figures.Cell{
			Picture: picture, Bad: said != truth[k],
			Caption: fmt.Sprintf("%s / %s", r.set.Classes[said], r.set.Classes[truth[k]]), Note: fmt.Sprintf("predicted %.0f %%", 100*probabilities[k][said]),
		})
	}
	return figures.Grid("Predicted / actual", shown, 4)
}

package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"blastlens/model/adapt"
	"blastlens/model/data"
	"blastlens/model/evaluate"
	"blastlens/model/figures"
	"blastlens/model/net"
	"blastlens/model/report"
)

// plot draws what an evaluation and its training record have to show, and says
// of the rest why it is absent.
func plot(r evaluated, set *data.Set, record adapt.Record, truth []int, probabilities [][]float64) (report.Figures, error) {
	of := fmt.Sprintf("%s, %s, %d pictures", r.Data, r.Split, r.Judged)
	f := report.Figures{
		Samples:     report.Figure{Absent: "an evaluation puts no pictures of the data set into its report."},
		Predictions: report.Figure{Absent: "an evaluation puts no pictures of the data set into its report."},
		LRFinder:    report.Figure{Absent: "the learning-rate finder was not run for this training."},
		Accuracy:    report.Figure{Absent: "this training did not measure accuracy after each epoch."},
		Loss:        report.Figure{Absent: "the training record holds no losses."},
	}
	var failed error
	drawn := func(to *report.Figure, of string, png []byte, err error) {
		failed = errors.Join(failed, err)
		*to = report.Figure{PNG: png, Of: of}
	}
	png, err := figures.Bars("Pictures of each class", "pictures", set.Classes, set.Counts())
	drawn(&f.Distribution, r.Data, png, err)
	if len(record.Losses) > 0 {
		png, err := figures.Loss("Training loss", record.Losses, nil)
		drawn(&f.Loss, "training part only; this training did not measure the loss on its validation part", png, err)
	}
	if h := record.History; len(h) > 0 {
		var train, valid, accuracy []float64
		for _, e := range h {
			train, valid, accuracy = append(train, e.Train), append(valid, e.Valid), append(accuracy, e.Accuracy)
		}
		png, err := figures.Loss("Training and validation loss", train, valid)
		drawn(&f.Loss, record.Figures[0].Split, png, err)
		png, err = figures.Accuracy("Accuracy and error rate", accuracy)
		drawn(&f.Accuracy, record.Figures[0].Split, png, err)
	}
	if record.Finder != nil {
		png, err := finderPlot(record.Finder)
		drawn(&f.LRFinder, "training part", png, err)
	}
	png, err = figures.ConfusionMatrix("Confusion matrix", r.Classes, r.Confusion)
	drawn(&f.Confusion, of, png, err)
	roc, precisionRecall := curves(r.Metrics, truth, probabilities)
	f.ROC.Absent = "only one class has pictures here: there is no rest to part it from."
	if len(roc) > 0 {
		png, err = figures.ROC("ROC, each class against the rest", roc)
		drawn(&f.ROC, of, png, err)
	}
	png, err = figures.PrecisionRecall("Precision and recall, each class against the rest", precisionRecall)
	drawn(&f.PrecisionRecall, of, png, err)
	var confidence, accuracy []float64
	for _, b := range r.Metrics.Reliability {
		confidence, accuracy = append(confidence, b.Confidence), append(accuracy, b.Accuracy)
	}
	note := fmt.Sprintf("%d bins of equally many pictures, ECE %.3f", len(confidence), r.Metrics.Calibration.Value)
	png, err = figures.Reliability("Calibration", note, confidence, accuracy)
	drawn(&f.Reliability, of, png, err)
	return f, failed
}

// curves are the ROC and the precision-recall curves of the classes for which
// they are defined.
func curves(m evaluate.Metrics, truth []int, probabilities [][]float64) (roc, precisionRecall []figures.Curve) {
	curve := func(name string, area evaluate.Estimate, points []evaluate.Point) figures.Curve {
		c := figures.Curve{Name: name, Area: area.Value}
		if area.Interval() {
			c.Low, c.High = area.Low, area.High
		}
		for _, p := range points {
			c.X, c.Y = append(c.X, p.X), append(c.Y, p.Y)
		}
		return c
	}
	for class, c := range m.Classes {
		ranking := evaluate.RankClass(class, truth, probabilities)
		if c.AUC.Defined() {
			roc = append(roc, curve(c.Name, c.AUC, ranking.ROC()))
		}
		if c.AveragePrecision.Defined() {
			precisionRecall = append(precisionRecall, curve(c.Name, c.AveragePrecision, ranking.PrecisionRecall()))
		}
	}
	return roc, precisionRecall
}

// reported puts an evaluation, and what the training record says of other
// splits, into a report.
func reported(r evaluated, set *data.Set, record adapt.Record, f report.Figures) (report.Report, error) {
	head, err := net.ParseHead(record.Head)
	if err != nil {
		return report.Report{}, fmt.Errorf("training record: %w", err)
	}
	told := report.Report{
		Title: "Blood smears: " + r.Data, Start: startLine(record.Start), Model: r.Version + ", head " + r.Head,
		Date: time.Now().UTC().Format(time.DateOnly), Versions: versions(),
		Data:    report.Data{Name: r.Data, Classes: set.Classes, Counts: set.Counts(), Refused: len(set.Refused)},
		Network: net.Summarise(head, len(r.Classes), record.Size),
		Options: optionsInWords(record), Figures: f, Notes: record.Notes,
	}
	for _, copies := range set.Duplicates() {
		told.Data.Duplicates += len(copies) - 1
	}
	measured := report.Split{Kind: r.Split, Judged: r.Judged, GroupedBy: r.GroupedBy, Metrics: &r.Metrics}
	others := record.Figures
	if first := record.Figures[0]; strings.HasPrefix(r.Split, first.Split) {
		others = others[1:]
		measured.SHA256, measured.Embargoed, measured.Duplicates, measured.Controls = first.SHA256, first.Embargoed, first.Duplicates, []report.Control{control(first)}
	}
	told.Splits = append(told.Splits, measured)
	for _, other := range others {
		unbounded := func(v float64) evaluate.Estimate {
			return evaluate.Estimate{Value: v, Low: math.NaN(), High: math.NaN()}
		}
		told.Splits = append(told.Splits, report.Split{
			Kind: "from the training record: " + other.Split, SHA256: other.SHA256,
			Judged: other.Judged, Embargoed: other.Embargoed, Duplicates: other.Duplicates,
			Accuracy: unbounded(other.Accuracy), Balanced: unbounded(other.Balanced), Controls: []report.Control{control(other)},
		})
	}
	return told, nil
}

func control(f adapt.Figure) report.Control {
	return report.Control{Method: f.Colour.Method, Accuracy: f.Colour.Accuracy, Balanced: f.Colour.Balanced}
}

// startLine says where the weights began. The paper began with ImageNet weights
// of EfficientNet-B3; of a file of weights it cannot be known whether it is those.
func startLine(start string) string {
	if strings.HasPrefix(start, "safetensors") {
		return "start weights: " + start
	}
	return "start weights: not the paper's, but " + start
}

// optionsInWords lists the settings of a training.
func optionsInWords(r adapt.Record) []report.Option {
	if r.Recipe != nil {
		return recipeInWords(r)
	}
	o := r.Options
	return []report.Option{
		{Name: "kind", Value: r.Kind},
		{Name: "trained on", Value: fmt.Sprintf("%s, %d pictures, %d views each", r.Data.Name, r.Data.Pictures, max(1, r.Views))},
		{Name: "shipped weights", Value: r.Shipped},
		{Name: "epochs", Value: fmt.Sprint(o.Epochs)},
		{Name: "batch", Value: fmt.Sprint(o.Batch)},
		{Name: "highest learning rate", Value: fmt.Sprintf("%g, one-cycle", o.LearnRate)},
		{Name: "weight decay", Value: fmt.Sprint(o.WeightDecay)},
		{Name: "dropout", Value: fmt.Sprintf("%g and %g", o.Dropout[0], o.Dropout[1])},
		{Name: "label smoothing", Value: fmt.Sprint(o.Smoothing)},
		{Name: "seed", Value: fmt.Sprint(o.Seed)},
	}
}

// recipeInWords lists the settings of a training of the whole network.
func recipeInWords(r adapt.Record) []report.Option {
	o := r.Recipe
	return []report.Option{
		{Name: "recipe", Value: o.Name},
		{Name: "kind", Value: r.Kind},
		{Name: "trained on", Value: fmt.Sprintf("%s, %d pictures", r.Data.Name, r.Data.Pictures)},
		{Name: "weights", Value: r.Shipped},
		{Name: "epochs", Value: fmt.Sprintf("%d with a frozen body, %d with the whole network", o.Freeze, o.Epochs)},
		{Name: "batch", Value: fmt.Sprint(o.Batch)},
		{Name: "highest learning rates", Value: fmt.Sprintf("%g (body), %g (head), one-cycle", o.Body, o.Head)},
		{Name: "weight decay", Value: fmt.Sprint(o.Decay)},
		{Name: "label smoothing", Value: fmt.Sprint(o.Smoothing)},
		{Name: "mixup", Value: fmt.Sprint(o.Mixup)},
		{Name: "gradient clipping", Value: fmt.Sprint(o.Clip)},
		{Name: "average of weights", Value: fmt.Sprint(o.EMA)},
		{Name: "augmentation", Value: o.Augment},
		{Name: "arithmetic", Value: "float32"},
		{Name: "seed", Value: fmt.Sprint(o.Seed)},
	}
}

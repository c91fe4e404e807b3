// Package report writes what was trained and measured as one HTML file: the
// figures in the order of the paper that the product follows, the metrics with
// their intervals, and the paper's table with our rows beside it. The file needs
// nothing else: pictures are data URIs, the style is inside, there is no script.
package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"

	"blastlens/model/evaluate"
	"blastlens/model/net"
)

// Report is all that a report tells.
type Report struct {
	Title    string
	Start    string // where the weights began, printed beside every figure; e.g. "start weights: ImageNet (not the paper's)"
	Model    string // version of what was measured; empty if it has none
	Date     string
	Versions map[string]string // of what a figure could depend on
	Data     Data
	Splits   []Split // the first is what Table 1 and the figures speak of, unless a figure says otherwise
	Network  net.Summary
	Options  []Option // of the training, in the order shown
	Figures  Figures
	Notes    []string // whatever a reader must know besides
}

// Data describes the pictures without naming a single one.
type Data struct {
	Name       string
	Classes    []string
	Counts     []int // a class
	Duplicates int   // pictures that are byte-identical to an earlier one
	Refused    int   // files that are no readable picture
}

// Option is a setting of the training.
type Option struct{ Name, Value string }

// Split is one way of parting the pictures, and what was measured on it.
type Split struct {
	Kind       string // in words
	SHA256     string // hex; empty if it is every picture of a folder
	Judged     int
	Embargoed  int    // left out of training for being too near
	Duplicates int    // left out of judging for being in training
	GroupedBy  string // what the bootstrap draws
	// Accuracy and Balanced (mean recall) are for a split of which no more is
	// known; Metrics, where there are any, holds them too.
	Accuracy, Balanced evaluate.Estimate
	Metrics            *evaluate.Metrics
	Controls           []Control
}

// Control is what something that cannot see shape scores on the same pictures.
type Control struct {
	Method             string
	Accuracy, Balanced float64
}

// Figure is a picture, or one sentence that says why there is none.
type Figure struct {
	PNG    []byte
	Of     string // what it shows, such as the split; empty if the title says it
	Absent string
}

// Figures are numbered as in the paper; figure 3 is the table of the network.
type Figures struct {
	Samples         Figure // 1
	Distribution    Figure // 2
	LRFinder        Figure // 4
	Predictions     Figure // 5
	Loss            Figure // 6
	Confusion       Figure // 7
	ROC             Figure // 8
	PrecisionRecall Figure
	Reliability     Figure
	Accuracy        Figure // 9
}

// figure is a Figure as the template shows it.
type figure struct {
	ID, Number, Title, Text string
	Of, Start, Absent       string
	Source                  template.URL
}

// page is a Report as the template shows it.
type page struct {
	Report
	Pictures int
	Before   []figure // figures 1 and 2
	After    []figure // figures 4 to 9
	Versions []Option
	Studies  []Study
	Ours     []Study
}

//go:embed report.html
var source string

var layout = template.Must(template.New("report.html").Funcs(template.FuncMap{
	"percent": percent, "decimal": decimal, "share": func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }, "count": count, "rates": rates,
}).Parse(source))

// Write writes r as HTML. A figure needs either a PNG or the sentence that says
// why it is absent: none is left out silently.
func Write(w io.Writer, r Report) error {
	if r.Title == "" || r.Start == "" || r.Date == "" {
		return fmt.Errorf("report: title %q, start weights %q, date %q: want all three", r.Title, r.Start, r.Date)
	}
	if len(r.Data.Classes) == 0 || len(r.Data.Classes) != len(r.Data.Counts) {
		return fmt.Errorf("report: %d classes and %d counts", len(r.Data.Classes), len(r.Data.Counts))
	}
	if len(r.Splits) == 0 {
		return errors.New("report: no split: nothing was measured")
	}
	p := page{Report: r, Studies: previous}
	for _, n := range r.Data.Counts {
		p.Pictures += n
	}
	p.Splits = slices.Clone(r.Splits)
	for i := range p.Splits {
		s := &p.Splits[i]
		if s.Metrics != nil {
			s.Accuracy, s.Balanced = s.Metrics.Accuracy, s.Metrics.Macro.Recall
		}
		p.Ours = append(p.Ours, ours(r, *s))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		p.Versions = append(p.Versions, Option{name, r.Versions[name]})
	}
	for _, c := range captions {
		f, err := c.show(r)
		if err != nil {
			return err
		}
		if c.number < "3" {
			p.Before = append(p.Before, f)
		} else {
			p.After = append(p.After, f)
		}
	}
	var page bytes.Buffer
	if err := layout.Execute(&page, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(page.Bytes())
	return err
}

// show checks and encodes the caption's figure.
func (c caption) show(r Report) (figure, error) {
	f := c.of(&r.Figures)
	switch {
	case len(f.PNG) == 0 && f.Absent == "":
		return figure{}, fmt.Errorf("report: figure %s (%s): neither a picture nor why there is none", c.number, c.title)
	case len(f.PNG) > 0 && f.Absent != "":
		return figure{}, fmt.Errorf("report: figure %s (%s): a picture, and yet said to be absent: %s", c.number, c.title, f.Absent)
	case len(f.PNG) > 0 && !bytes.HasPrefix(f.PNG, []byte("\x89PNG\r\n")):
		return figure{}, fmt.Errorf("report: figure %s (%s): %d bytes that are no PNG", c.number, c.title, len(f.PNG))
	}
	shown := figure{ID: "figure-" + c.number, Number: c.number, Title: c.title, Text: c.text, Of: f.Of, Start: r.Start, Absent: f.Absent}
	if len(f.PNG) > 0 {
		shown.Source = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(f.PNG))
	}
	return shown, nil
}

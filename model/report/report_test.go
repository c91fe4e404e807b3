package report

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"blastlens/model/evaluate"
	"blastlens/model/figures"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
)

var classes = []string{"Benign", "Early", "Pre", "Pro"}

// drawn is what must not fail while a report is put together.
func drawn(t *testing.T) func(png []byte, err error) []byte {
	return func(png []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return png
	}
}

// measured are metrics of invented probabilities, 640 pictures in runs of ten.
func measured(t *testing.T, bonus float64) (m evaluate.Metrics, truth []int, probabilities [][]float64) {
	t.Helper()
	var groups []int
	for i := range 640 {
		class, p, sum := i/160, make([]float64, 4), 0.0
		for k := range p {
			p[k] = 1 + bundle.Uniform(5, uint32(4*i+k))
			if k == class {
				p[k] += bonus
			}
			p[k] = math.Exp(3 * p[k])
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
		truth, probabilities, groups = append(truth, class), append(probabilities, p), append(groups, i/10)
	}
	m, err := evaluate.Measure(classes, truth, probabilities, groups, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m, truth, probabilities
}

// full is a report in which nothing is absent.
func full(t *testing.T) Report {
	t.Helper()
	ok := drawn(t)
	m, truth, probabilities := measured(t, 1.5)
	var roc, pr []figures.Curve
	for k, c := range m.Classes {
		ranking := evaluate.RankClass(k, truth, probabilities)
		a, p := figures.Curve{Name: c.Name, Area: c.AUC.Value, Low: c.AUC.Low, High: c.AUC.High}, figures.Curve{Name: c.Name, Area: c.AveragePrecision.Value, Low: c.AveragePrecision.Low, High: c.AveragePrecision.High}
		for _, point := range ranking.ROC() {
			a.X, a.Y = append(a.X, point.X), append(a.Y, point.Y)
		}
		for _, point := range ranking.PrecisionRecall() {
			p.X, p.Y = append(p.X, point.X), append(p.Y, point.Y)
		}
		roc, pr = append(roc, a), append(pr, p)
	}
	var confidence, accuracy, rates, losses, training, validation, byEpoch []float64
	for _, b := range m.Reliability {
		confidence, accuracy = append(confidence, b.Confidence), append(accuracy, b.Accuracy)
	}
	for i := range 60 {
		x := float64(i)/59*7 - 6
		rates, losses = append(rates, math.Pow(10, x)), append(losses, 1.4-1/(1+math.Exp(-2*(x+3)))+math.Exp(3*(x-.5)))
	}
	for e := range 20 {
		training, validation = append(training, .06+1.3*math.Exp(-float64(e)/4)), append(validation, .12+1.1*math.Exp(-float64(e)/3))
		byEpoch = append(byEpoch, .97-.5*math.Exp(-float64(e)/3))
	}
	second, _, _ := measured(t, 1.1)
	of := "random, 80/20, seeded, not stratified: validation part"
	return Report{
		Title: "Blood smears, four classes", Start: "start weights: ImageNet, sliced from EfficientNet-B4 (not the paper's)", Model: "2026.11.25-smear", Date: "2026-11-25",
		Versions: map[string]string{"go": "go1.27.3", "gonum.org/v1/gonum": "v0.17.0"},
		Data:     Data{Name: "invented", Classes: classes, Counts: []int{398, 807, 787, 652}, Duplicates: 40, Refused: 1},
		Splits: []Split{
			{Kind: of, SHA256: strings.Repeat("5b2a86", 11)[:64], Judged: 640, Duplicates: 3, GroupedBy: "contiguous runs of 10 file numbers of a class", Metrics: &m, Controls: []Control{{"5 nearest neighbours on colour", .967, .961}}},
			{Kind: "contiguous blocks, embargo of 37", Judged: 640, Embargoed: 1210, GroupedBy: "contiguous runs of 10 file numbers of a class", Metrics: &second, Controls: []Control{{"5 nearest neighbours on colour", .931, .925}}},
			{Kind: "another laboratory", Judged: 100, Accuracy: evaluate.Estimate{Value: .71, Low: math.NaN(), High: math.NaN()}, Balanced: evaluate.Estimate{Value: .66, Low: math.NaN(), High: math.NaN()}},
		},
		Network: net.Summarise(net.Fastai, 4, 224),
		Options: []Option{{"epochs", "20"}, {"batch", "64"}, {"highest learning rate", "1e-2 (body), 1e-1 (head)"}},
		Notes:   []string{"Every number in this report is invented: it is a test."},
		Figures: Figures{
			Samples:         Figure{PNG: ok(figures.Bars("stands in for a grid", "", []string{"a", "b"}, []int{1, 2}))},
			Distribution:    Figure{PNG: ok(figures.Bars("Pictures of each class", "pictures", classes, []int{398, 807, 787, 652}))},
			LRFinder:        Figure{PNG: ok(figures.LRFinder("Learning-rate finder", figures.LRFind{Rates: rates, Losses: losses, Suggestions: []figures.Suggestion{{Name: "valley", Rate: 2e-3}}}))},
			Predictions:     Figure{PNG: ok(figures.Bars("stands in for a grid", "", []string{"a", "b"}, []int{2, 1})), Of: of},
			Loss:            Figure{PNG: ok(figures.Loss("Training and validation loss", training, validation)), Of: of},
			Confusion:       Figure{PNG: ok(figures.ConfusionMatrix("Confusion matrix", classes, m.Confusion)), Of: of},
			ROC:             Figure{PNG: ok(figures.ROC("ROC, each class against the rest", roc)), Of: of},
			PrecisionRecall: Figure{PNG: ok(figures.PrecisionRecall("Precision and recall, each class against the rest", pr)), Of: of},
			Reliability:     Figure{PNG: ok(figures.Reliability("Calibration", "15 bins", confidence, accuracy)), Of: of},
			Accuracy:        Figure{PNG: ok(figures.Accuracy("Accuracy and error rate", byEpoch)), Of: of},
		},
	}
}

func written(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReport(t *testing.T) {
	r := full(t)
	page := written(t, r)
	dir := filepath.Join("..", "..", "build", "work", "report")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}

	before := 0
	for _, number := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "8b", "8c", "9"} {
		id := fmt.Sprintf(`<figure id="figure-%s">`, number)
		at := strings.Index(page, id)
		if at < before {
			t.Fatalf("figure %s is missing or out of order", number)
		}
		before = at
		whole, _, _ := strings.Cut(page[at:], "</figure>")
		if !strings.Contains(whole, html.EscapeString(r.Start)) {
			t.Errorf("figure %s does not say where the weights began", number)
		}
		if number != "3" && !strings.Contains(whole, `src="data:image/png;base64,iVBOR`) {
			t.Errorf("figure %s has no picture in it", number)
		}
	}
	if strings.Contains(page, "Not shown") {
		t.Error("a full report says that something is not shown")
	}
	for _, want := range []string{
		"12,278,312", "1,669,376", // the network's parameters, from its summary
		"99.84", "81.74", "Entropy-controlled", "Blastlens: EfficientNet-B3", // Table 1
		"another laboratory", "71.00 %", "its probabilities were not kept",
		"40 are byte-identical", "Left out as no readable pictures: 1 files", "1,210 left out of training", "2,000 resamples", "96.70 %", "not a medical device", "invented: it is a test",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// The file must read the same with the network cable pulled.
func TestReportNeedsNoNetwork(t *testing.T) {
	r := full(t)
	r.Data.Name = `<img src="http://example.org/x.png">` // a name is text, whatever is in it
	page := written(t, r)
	if found := regexp.MustCompile(`(?i)<(script|link|iframe|object|embed)\b|@import|url\(|\son\w+="|="\s*(https?:|//)`).FindString(page); found != "" {
		t.Errorf("the report has %q in it", found)
	}
	for _, source := range regexp.MustCompile(`(?i)(?:src|href|srcset)\s*=\s*"([^"]{0,40})`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(source[1], "data:image/png;base64,") {
			t.Errorf("the report fetches %q", source[1])
		}
	}
	if strings.Contains(strings.ReplaceAll(page, "&lt;img src=&#34;http://example.org/x.png&#34;&gt;", ""), "http") {
		t.Error("the report names an address")
	}
}

func TestAbsentFigureSaysWhy(t *testing.T) {
	r := full(t)
	r.Figures.LRFinder = Figure{Absent: "the learning-rate finder was not run."}
	page := written(t, r)
	if !strings.Contains(page, "Not shown: the learning-rate finder was not run.") {
		t.Error("the reason is not in the report")
	}
	if n := strings.Count(page, "<img "); n != 9 {
		t.Errorf("%d pictures, want the 9 others", n)
	}
}

func TestReportRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Report)
		want   string
	}{
		{"a figure forgotten", func(r *Report) { r.Figures.ROC = Figure{} }, "figure 8 (ROC): neither"},
		{"a figure that contradicts itself", func(r *Report) { r.Figures.Loss.Absent = "no" }, "figure 6"},
		{"a figure that is no PNG", func(r *Report) { r.Figures.Samples.PNG = []byte("GIF89a") }, "figure 1 (Samples): 6 bytes"},
		{"no start weights", func(r *Report) { r.Start = "" }, "start weights"},
		{"nothing measured", func(r *Report) { r.Splits = nil }, "no split"},
		{"counts that lack", func(r *Report) { r.Data.Counts = r.Data.Counts[1:] }, "4 classes and 3 counts"},
	}
	whole := full(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := whole
			tt.change(&r)
			var b bytes.Buffer
			if err := Write(&b, r); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if b.Len() > 0 {
				t.Error("half a report was written")
			}
		})
	}
}

func TestNumbersInWords(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		got, want cell
	}{
		{percent(evaluate.Estimate{Value: .98432, Low: .972, High: .991}), cell{"98.43 %", "(97.20 to 99.10)"}},
		{percent(evaluate.Estimate{Value: 1, Low: nan, High: nan}), cell{"100.00 %", ""}},
		{decimal(evaluate.Estimate{Value: .98432, Low: .972, High: .991}), cell{"0.9843", "(0.9720 to 0.9910)"}},
		{decimal(evaluate.Estimate{Value: nan, Low: nan, High: nan}), cell{"not defined", ""}},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12278312: "12,278,312", -1234: "-1,234", -123: "-123"} {
		if got := count(n); got != want {
			t.Errorf("count of %d is %s, want %s", n, got, want)
		}
	}
}

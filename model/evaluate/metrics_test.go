package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"blastlens/wasm/bundle"
)

// golden is a case of testdata/golden.py: how it is drawn, and scikit-learn's figures.
type golden struct {
	Name            string               `json:"name"`
	Seed            uint32               `json:"seed"`
	Pictures        int                  `json:"pictures"`
	Classes         int                  `json:"classes"`
	Levels          uint32               `json:"levels"`
	Bonus           int                  `json:"bonus"`
	Muted           []int                `json:"muted"`
	Confusion       Confusion            `json:"confusion"`
	Accuracy        float64              `json:"accuracy"`
	Kappa           float64              `json:"kappa"`
	Matthews        float64              `json:"matthews"`
	Calibration     float64              `json:"calibration"`
	Brier           float64              `json:"brier"`
	PerClass        map[string][]float64 `json:"per_class"`
	Macro           map[string]float64   `json:"macro"`
	ROC             [][][2]float64       `json:"roc"`
	PrecisionRecall [][][2]float64       `json:"precision_recall"`
}

// draw is the input as golden.py documents it.
func (g golden) draw() (names []string, truth []int, probabilities [][]float64) {
	for k := range g.Classes {
		names = append(names, fmt.Sprintf("class %d", k))
	}
	for i := range g.Pictures {
		t := int(bundle.Hash(g.Seed, uint32(4*i)) % uint32(g.Classes))
		sum, p := 0.0, make([]float64, g.Classes)
		for k := range p {
			w := 1 + int(bundle.Hash(g.Seed, uint32(1000000+i*g.Classes+k))%g.Levels)
			if k == t {
				w += g.Bonus
			}
			if slices.Contains(g.Muted, k) {
				w = 1
			}
			p[k] = float64(w)
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
		truth, probabilities = append(truth, t), append(probabilities, p)
	}
	return
}

// tolerance covers the order in which float64 sums are taken, nothing more.
const tolerance = 1e-12

func TestMetricsAgreeWithScikitLearn(t *testing.T) {
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	worst, compared, curves := 0.0, 0, 0
	for _, g := range cases {
		t.Run(g.Name, func(t *testing.T) {
			names, truth, probabilities := g.draw()
			m, err := Measure(names, truth, probabilities, nil, 1)
			if err != nil {
				t.Fatal(err)
			}
			same := func(what string, got, want float64) {
				t.Helper()
				d := math.Abs(got - want)
				worst, compared = max(worst, d), compared+1
				if !(d <= tolerance) {
					t.Errorf("%s is %.15f, scikit-learn has %.15f", what, got, want)
				}
			}
			if !reflect.DeepEqual(m.Confusion, g.Confusion) {
				t.Fatalf("confusion %v, want %v", m.Confusion, g.Confusion)
			}
			same("accuracy", m.Accuracy.Value, g.Accuracy)
			same("kappa", m.Kappa.Value, g.Kappa)
			same("Matthews correlation", m.Matthews.Value, g.Matthews)
			same("calibration error", m.Calibration.Value, g.Calibration)
			same("Brier score", m.Brier.Value, g.Brier)
			for class, c := range append(m.Classes, ClassMetrics{Name: "macro", Rates: m.Macro}) {
				want := func(figure string) float64 {
					if class == g.Classes {
						return g.Macro[figure]
					}
					return g.PerClass[figure][class]
				}
				for figure, got := range map[string]Estimate{
					"precision": c.Precision, "recall": c.Recall, "specificity": c.Specificity, "f1": c.F1, "f2": c.F2,
					"auc": c.AUC, "average_precision": c.AveragePrecision,
				} {
					same(c.Name+" "+figure, got.Value, want(figure))
				}
			}
			curve := func(what string, got []Point, want [][2]float64) {
				if len(got) != len(want) {
					t.Fatalf("%s has %d points, scikit-learn's %d", what, len(got), len(want))
				}
				for i, p := range got {
					same(fmt.Sprintf("%s, x of point %d", what, i), p.X, want[i][0])
					same(fmt.Sprintf("%s, y of point %d", what, i), p.Y, want[i][1])
				}
				curves++
			}
			for class := range g.ROC {
				r := RankClass(class, truth, probabilities)
				curve(names[class]+", ROC", r.ROC(), g.ROC[class])
				curve(names[class]+", precision and recall", r.PrecisionRecall(), g.PrecisionRecall[class])
			}
		})
	}
	if curves != 6 {
		t.Errorf("%d curves were compared, want ROC and precision-recall of 3 classes", curves)
	}
	t.Logf("%d figures compared, largest difference %.1e", compared, worst)
}

// certain is probabilities that leave no doubt about answers.
func certain(classes int, answers ...int) [][]float64 {
	var all [][]float64
	for _, a := range answers {
		p := make([]float64, classes)
		p[a] = 1
		all = append(all, p)
	}
	return all
}

func TestMetricsAtTheEdge(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name          string
		truth         []int
		probabilities [][]float64
		figure        func(Metrics) float64
		want          float64
	}{
		{"a class without pictures has no recall", []int{0, 1}, certain(3, 0, 1), func(m Metrics) float64 { return m.Classes[2].Recall.Value }, nan},
		{"nor an area under its curve", []int{0, 1}, certain(3, 0, 1), func(m Metrics) float64 { return m.Classes[2].AUC.Value }, nan},
		{"nor an F1, even when answered", []int{0, 1}, certain(3, 2, 1), func(m Metrics) float64 { return m.Classes[2].F1.Value }, nan},
		{"and takes no part in the mean", []int{0, 0, 1}, certain(3, 0, 1, 1), func(m Metrics) float64 { return m.Macro.Recall.Value }, .75},
		{"a class never answered has precision 0", []int{0, 1}, certain(2, 0, 0), func(m Metrics) float64 { return m.Classes[1].Precision.Value }, 0},
		{"where all pictures are of one class there is no specificity", []int{0, 0}, certain(2, 0, 0), func(m Metrics) float64 { return m.Classes[0].Specificity.Value }, nan},
		{"and no kappa", []int{0, 0}, certain(2, 0, 0), func(m Metrics) float64 { return m.Kappa.Value }, nan},
		{"and no correlation", []int{0, 0}, certain(2, 0, 0), func(m Metrics) float64 { return m.Matthews.Value }, 0},
		{"all wrong is kappa -1 of two even classes", []int{0, 1}, certain(2, 1, 0), func(m Metrics) float64 { return m.Kappa.Value }, -1},
		{"certain and wrong is the worst Brier score", []int{0, 1}, certain(2, 1, 0), func(m Metrics) float64 { return m.Brier.Value }, 2},
		{"and the worst calibration", []int{0, 1}, certain(2, 1, 0), func(m Metrics) float64 { return m.Calibration.Value }, 1},
		{"all scores equal: the area is a half", []int{0, 1, 1}, [][]float64{{.5, .5}, {.5, .5}, {.5, .5}}, func(m Metrics) float64 { return m.Classes[1].AUC.Value }, .5},
		{"and average precision the share of positives", []int{0, 1, 1}, [][]float64{{.5, .5}, {.5, .5}, {.5, .5}}, func(m Metrics) float64 { return m.Classes[1].AveragePrecision.Value }, 2. / 3},
		{"between equal probabilities the first class is the answer", []int{0, 1}, [][]float64{{.5, .5}, {.5, .5}}, func(m Metrics) float64 { return float64(m.Confusion[1][0]) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names := []string{"a", "b", "c"}[:len(tt.probabilities[0])]
			m, err := Measure(names, tt.truth, tt.probabilities, nil, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.figure(m); math.Abs(got-tt.want) > tolerance || math.IsNaN(got) != math.IsNaN(tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// Pictures of equal probability are interchangeable: no figure may depend on
// the order in which a folder was read.
func TestOrderDoesNotMatter(t *testing.T) {
	g := golden{Seed: 9, Pictures: 80, Classes: 3, Levels: 3, Bonus: 2}
	names, truth, probabilities := g.draw()
	m, err := Measure(names, truth, probabilities, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(truth)
	slices.Reverse(probabilities)
	back, err := Measure(names, truth, probabilities, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, e := range m.estimates() {
		if got := back.estimates()[k].Value; math.Abs(got-e.Value) > tolerance {
			t.Errorf("figure %d is %v backwards, %v forwards", k, got, e.Value)
		}
	}
}

func TestReliability(t *testing.T) {
	g := golden{Seed: 9, Pictures: 80, Classes: 3, Levels: 3, Bonus: 2}
	names, truth, probabilities := g.draw()
	m, err := Measure(names, truth, probabilities, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	all, right := 0, 0.0
	for i, b := range m.Reliability {
		all += b.Pictures
		right += float64(b.Pictures) * b.Accuracy
		if b.Pictures != 5 && b.Pictures != 6 {
			t.Errorf("bin %d holds %d of 80 pictures, want 5 or 6 in each of 15", i, b.Pictures)
		}
		if i > 0 && b.Confidence < m.Reliability[i-1].Confidence-tolerance {
			t.Errorf("bin %d is less confident than the one before", i)
		}
	}
	if len(m.Reliability) != Bins || all != 80 || math.Abs(right/80-m.Accuracy.Value) > tolerance {
		t.Errorf("%d bins hold %d pictures of accuracy %v, want %d, 80, %v", len(m.Reliability), all, right/80, Bins, m.Accuracy.Value)
	}
}

func TestMeasureRefuses(t *testing.T) {
	tests := []struct {
		name          string
		truth         []int
		probabilities [][]float64
		groups        []int
		want          string
	}{
		{"nothing", nil, nil, nil, "0 pictures"},
		{"rows that lack", []int{0, 1}, certain(2, 0), nil, "1 rows"},
		{"a class out of range", []int{0, 2}, certain(2, 0, 1), nil, "picture 1: class 2"},
		{"a short row", []int{0, 1}, [][]float64{{1, 0}, {1}}, nil, "picture 1: class 1 and 1 probabilities"},
		{"logits", []int{0, 1}, [][]float64{{1, 0}, {3, -2}}, nil, "picture 1: probability 3"},
		{"NaN", []int{0}, [][]float64{{math.NaN(), 0}}, nil, "picture 0: probability NaN"},
		{"probabilities of several answers", []int{0}, [][]float64{{1, 1}}, nil, "sum up to 2"},
		{"groups that lack", []int{0, 1}, certain(2, 0, 1), []int{0}, "1 groups for 2 pictures"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Measure([]string{"a", "b"}, tt.truth, tt.probabilities, tt.groups, 1); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

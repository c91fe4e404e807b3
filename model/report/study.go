package report

import (
	"fmt"
	"strings"
)

// Study is a row of the paper's Table 1, accuracy in per cent. The paper gives no intervals.
type Study struct{ Model, Problem, Accuracy, Interval string }

// previous is the paper's Table 1, as printed there.
var previous = []Study{
	{Model: "CNN", Problem: "Multi-class classification of leukemia subtypes", Accuracy: "81.74"},
	{Model: "Optimized ResNet50", Problem: "Multi-class classification of ALL types", Accuracy: "99.65"},
	{Model: "OCNN", Problem: "Binary classification of leukemia (present or not)", Accuracy: "99.99"},
	{Model: "DNN", Problem: "Classification of bone marrow gene expression", Accuracy: "98.2"},
	{Model: "ResNet50, SVM", Problem: "Three-class classification of leukemia", Accuracy: "95"},
	{Model: "CNN, MobileNetV2, AlexNet", Problem: "Automated detection of leukemia", Accuracy: "95.3, 97.6, 81.6"},
	{Model: "KNN", Problem: "Detection of acute leukemia", Accuracy: "85"},
	{Model: "Entropy-controlled", Problem: "Classification of white blood cells", Accuracy: "99.9"},
	{Model: "CNN", Problem: "Classification of ALL", Accuracy: "97.78"},
	{Model: "NN-SVM", Problem: "Automated detection of leukemia", Accuracy: "98.8"},
	{Model: "KNN-naive Bayes", Problem: "Automated detection of acute leukemia", Accuracy: "92.8"},
	{Model: "SVM-k-means", Problem: "Classification of acute leukemia", Accuracy: "92"},
	{Model: "The paper: EfficientNet-B3", Problem: "Multi-class classification of ALL subtypes", Accuracy: "99.84"},
}

// ours is the row that a split adds to the table.
func ours(r Report, s Split) Study {
	c := show(s.Accuracy, 100, 2, "")
	return Study{
		Model:    "Blastlens: EfficientNet-B3; " + r.Start,
		Problem:  fmt.Sprintf("%s; %s, %d pictures judged", strings.Join(r.Data.Classes, ", "), s.Kind, s.Judged),
		Accuracy: c.Value, Interval: c.Range,
	}
}

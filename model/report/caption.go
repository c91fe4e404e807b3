package report

// caption is a figure's place in the paper's order and what its reader should know.
type caption struct {
	number, title, text string
	of                  func(*Figures) *Figure
}

var captions = []caption{
	{"1", "Samples", "Pictures of each class, as the network receives them.",
		func(f *Figures) *Figure { return &f.Samples }},
	{"2", "Class distribution", "How many pictures each class has.",
		func(f *Figures) *Figure { return &f.Distribution }},
	{"4", "Learning-rate finder", "Loss while the learning rate grows step by step. The marks are the rates that the usual rules would choose.",
		func(f *Figures) *Figure { return &f.LRFinder }},
	{"5", "Predictions", "Predicted class, actual class and probability, the worst errors first.",
		func(f *Figures) *Figure { return &f.Predictions }},
	{"6", "Training and validation loss", "Validation loss that rises while training loss falls is a sign of overfitting.",
		func(f *Figures) *Figure { return &f.Loss }},
	{"7", "Confusion matrix", "Rows are the actual classes, columns the predicted ones; the diagonal is right. Percentages are of a row, so the diagonal holds each class's recall (sensitivity).",
		func(f *Figures) *Figure { return &f.Confusion }},
	{"8", "ROC", "Each class against the rest. The nearer to the upper left corner, the better; the dashed diagonal is a guess. AUC is the area under the curve.",
		func(f *Figures) *Figure { return &f.ROC }},
	{"8b", "Precision and recall", "Each class against the rest. The nearer to the upper right corner, the better. AP is the average precision. Both depend on how frequent the class is among these pictures.",
		func(f *Figures) *Figure { return &f.PrecisionRecall }},
	{"8c", "Calibration", "On the diagonal a probability means what it says: of the answers given with 90 %, nine in ten are right.",
		func(f *Figures) *Figure { return &f.Reliability }},
	{"9", "Accuracy and error rate", "Measured after each epoch; the two add up to 100 %.",
		func(f *Figures) *Figure { return &f.Accuracy }},
}

package figures

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// Confusion is a confusion matrix, counts [actual][predicted], and what it is of.
type Confusion struct {
	Title   string
	Classes []string
	Counts  [][]int
}

// ConfusionMatrices shows matrices, drawn as ConfusionMatrix does, side by side
// below a title of one or more lines: the same pictures before and after a change.
// Their classes may differ.
func ConfusionMatrices(title string, matrices ...Confusion) ([]byte, error) {
	if len(matrices) == 0 {
		return nil, fmt.Errorf("figures: %s: no confusion matrix", title)
	}
	var panels []panel
	for _, m := range matrices {
		p, err := confusion(m.Title, m.Classes, m.Counts)
		if err != nil {
			return nil, fmt.Errorf("figures: %s: %s: %w", title, m.Title, err)
		}
		p.width = max(p.width, p.Title.TextStyle.Width(m.Title)/vg.Inch+.4)
		panels = append(panels, p)
	}
	return encodeRow(title, panels)
}

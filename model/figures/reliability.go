package figures

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// Reliability shows accuracy over confidence, a point a bin of equally many
// pictures; on the diagonal a probability means what it says. Both have one
// number a bin, 0..1; note is one line of what was measured.
func Reliability(title, note string, confidence, accuracy []float64) ([]byte, error) {
	p := newPlot(title, "mean probability of the answer", "share of right answers")
	p.Add(rulings(), diagonal())
	unitSquare(p)
	l, err := line(confidence, accuracy, ink[0], 1.5)
	if err != nil {
		return nil, fmt.Errorf("figures: %s: %w", title, err)
	}
	p.Add(l, dots(l, 4))
	p.Legend.Add(note, l)
	p.Legend.Left = true
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(10), -vg.Points(10)
	return encode(p, 5.6, 5.4)
}

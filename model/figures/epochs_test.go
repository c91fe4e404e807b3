package figures

import (
	"math"
	"testing"

	"gonum.org/v1/plot"
)

func TestLoss(t *testing.T) {
	var training, validation []float64
	for e := range 20 {
		training = append(training, .06+1.3*math.Exp(-float64(e)/4))
		validation = append(validation, .11+1.1*math.Exp(-float64(e)/3)+.02*math.Sin(float64(3*e)))
	}
	file, err := Loss("Training and validation loss", training, validation)
	look(t, "loss", file, err)
	file, err = Loss("Training loss", training[:6], nil)
	look(t, "loss-training-only", file, err)
	for name, c := range map[string][2][]float64{
		"epochs that differ":      {training, validation[:3]},
		"no epochs":               {},
		"a loss that is a number": {{1, math.NaN()}, nil},
	} {
		if _, err := Loss("x", c[0], c[1]); err == nil {
			t.Errorf("%s: drawn, want an error", name)
		}
	}
}

func TestAccuracy(t *testing.T) {
	var accuracy []float64
	for e := range 20 {
		accuracy = append(accuracy, .984-.55*math.Exp(-float64(e)/2.5))
	}
	file, err := Accuracy("Accuracy and error rate, validation part", accuracy)
	look(t, "accuracy", file, err)
	for name, a := range map[string][]float64{"no epochs": nil, "percent": {98.4}, "NaN": {math.NaN()}} {
		if _, err := Accuracy("x", a); err == nil {
			t.Errorf("%s: drawn, want an error", name)
		}
	}
}

func TestEpochsAreNumberedSparsely(t *testing.T) {
	for epochs, want := range map[int]int{1: 1, 5: 5, 12: 12, 20: 11, 100: 11, 4000: 9} {
		p := plot.New()
		byEpoch(p, epochs)
		if got := len(p.X.Tick.Marker.Ticks(0, 0)); got != want {
			t.Errorf("%d epochs have %d labels, want %d", epochs, got, want)
		}
	}
}

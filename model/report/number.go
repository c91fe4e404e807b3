package report

import (
	"fmt"
	"slices"
	"strconv"

	"blastlens/model/evaluate"
)

// cell is a figure and its interval in words; Range is empty if there is none.
type cell struct{ Value, Range string }

// percent shows a share, 0..1: "98.43 %", "(97.20 to 99.10)".
func percent(e evaluate.Estimate) cell { return show(e, 100, 2, " %") }

// decimal shows any other figure: "0.9843", "(0.9720 to 0.9910)".
func decimal(e evaluate.Estimate) cell { return show(e, 1, 4, "") }

func show(e evaluate.Estimate, scale float64, digits int, unit string) cell {
	if !e.Defined() {
		return cell{Value: "not defined"}
	}
	c := cell{Value: fmt.Sprintf("%.*f%s", digits, scale*e.Value, unit)}
	if e.Interval() {
		c.Range = fmt.Sprintf("(%.*f to %.*f)", digits, scale*e.Low, digits, scale*e.High)
	}
	return c
}

// count sets thousands apart: "12,278,312".
func count(n int) string {
	digits := []byte(strconv.Itoa(n))
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = slices.Insert(digits, at, ',')
	}
	return string(digits)
}

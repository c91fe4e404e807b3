package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
)

// Estimate is a figure and the bounds of its 95 % interval. What is not defined
// is NaN here and null in JSON.
type Estimate struct{ Value, Low, High float64 }

// Defined reports whether there is a figure; Interval, whether it has bounds.
func (e Estimate) Defined() bool { return !math.IsNaN(e.Value) }

// Interval reports whether the figure has bounds.
func (e Estimate) Interval() bool { return !math.IsNaN(e.Low) && !math.IsNaN(e.High) }

// String has four decimals: "0.9684 (0.9551 to 0.9780)".
func (e Estimate) String() string {
	switch {
	case !e.Defined():
		return "not defined"
	case !e.Interval():
		return fmt.Sprintf("%.4f", e.Value)
	}
	return fmt.Sprintf("%.4f (%.4f to %.4f)", e.Value, e.Low, e.High)
}

// bounds is an Estimate as JSON knows numbers.
type bounds struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// MarshalJSON writes {"value": ..., "low": ..., "high": ...}.
func (e Estimate) MarshalJSON() ([]byte, error) {
	number := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	return json.Marshal(bounds{number(e.Value), number(e.Low), number(e.High)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Estimate) UnmarshalJSON(raw []byte) error {
	var b bounds
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	number := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	*e = Estimate{number(b.Value), number(b.Low), number(b.High)}
	return nil
}

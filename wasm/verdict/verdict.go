// Package verdict turns the logits of a head into probabilities and the words
// that a screen may say. It knows nothing of how the logits came about.
package verdict

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrNotFinite is returned for logits that no verdict can be read from.
var ErrNotFinite = errors.New("logits are not finite numbers")

// Class is an answer of a head, in the order of its logits.
type Class struct {
	Title string // e.g. "Early pre-B ALL"
	Group string // e.g. "benign", "malignant"; may be empty
}

// Verdict is what logits say.
type Verdict struct {
	Probabilities []float64 // as the logits, sum 1; not calibrated
	Class         int       // index of the most probable class, the first of equals
	Statement     string    // "Morphology suggestive of ..."
}

// Of reads the logits of a head whose classes these are. A demonstration's
// statement says that it is one.
func Of(logits []float32, classes []Class, demonstration bool) (Verdict, error) {
	if len(logits) != len(classes) || len(logits) == 0 {
		return Verdict{}, fmt.Errorf("%d logits for %d classes", len(logits), len(classes))
	}
	for i, v := range logits {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return Verdict{}, fmt.Errorf("%w: %v for %s", ErrNotFinite, v, classes[i].Title)
		}
	}
	v := Verdict{Probabilities: Softmax(logits)}
	for i, l := range logits {
		if l > logits[v.Class] {
			v.Class = i
		}
	}
	v.Statement = statement(classes[v.Class], demonstration)
	return v, nil
}

// Softmax is exp(x) / sum exp(x), in float64 and from the largest down, so that
// no logit overflows.
func Softmax(logits []float32) []float64 {
	p := make([]float64, len(logits))
	largest := math.Inf(-1)
	for _, v := range logits {
		largest = max(largest, float64(v))
	}
	var sum float64
	for i, v := range logits {
		p[i] = math.Exp(float64(v) - largest)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// groupBenign's titles are common words, "Benign (hematogones)", and lose their
// capital inside a sentence; the others are names, "Early pre-B ALL".
const groupBenign = "benign"

func statement(c Class, demonstration bool) string {
	title := c.Title
	if c.Group == groupBenign {
		title = lowerFirst(title)
	}
	s := "Morphology suggestive of " + title
	if demonstration {
		return "Demonstration, drawn pictures: " + lowerFirst(s)
	}
	return s
}

// lowerFirst leaves words such as "B" or "ALL", whose second letter is not small, alone.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if !unicode.IsLower(second) {
		return s
	}
	return strings.ToLower(string(first)) + s[n:]
}

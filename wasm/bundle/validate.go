package bundle

import (
	"errors"
	"fmt"
	"math"
)

// Validate reports what would make a bundle unusable: a plan that is not
// valid, heads that its outputs do not fit, a preprocessing that its input does
// not fit.
func (b *Bundle) Validate() error {
	if err := b.Plan.Validate(); err != nil {
		return err
	}
	p := b.Plan
	in := p.Values[p.Input]
	if pre := b.Preprocess; in.H != pre.Size || in.W != pre.Size || in.C != 3 {
		return fmt.Errorf("preprocessing makes [%d %d 3], the plan reads [%d %d %d]", pre.Size, pre.Size, in.H, in.W, in.C)
	}
	for c, std := range b.Preprocess.Std {
		if mean := b.Preprocess.Mean[c]; !(std > 0) || !finite(std) || !finite(mean) {
			return fmt.Errorf("channel %d has mean %v and standard deviation %v", c, mean, std)
		}
	}
	widths := map[string]int{}
	for _, o := range p.Outputs {
		widths[o.Name] = p.Values[o.Value].Len()
	}
	if len(b.Heads) == 0 {
		return errors.New("no heads")
	}
	classes := map[string]int{}
	for _, h := range b.Heads {
		if _, twice := classes[h.Name]; twice {
			return fmt.Errorf("two heads are named %s", h.Name)
		}
		classes[h.Name] = len(h.Classes)
		if width, ok := widths[h.Name]; !ok || width != len(h.Classes) {
			return fmt.Errorf("head %s has %d classes, the plan's output of that name %d values", h.Name, len(h.Classes), width)
		}
	}
	for head, logits := range b.Golden.Logits {
		if n, ok := classes[head]; !ok || n != len(logits) {
			return fmt.Errorf("golden logits of head %s: %d values, the head has %d classes", head, len(logits), n)
		}
	}
	return nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

package evaluate

import "math"

// Bins is how many bins of equal mass calibration is measured in.
const Bins = 15

// Bin is a part of the pictures, next to each other in top probability.
type Bin struct {
	Pictures   int     `json:"pictures"`
	Confidence float64 `json:"confidence"` // mean top probability
	Accuracy   float64 `json:"accuracy"`
}

// reliability cuts the pictures, ordered by top probability, into Bins bins
// whose sizes differ by one at most; fewer pictures than bins make fewer bins.
// Pictures of equal probability share their accuracy, so that a bin does not
// depend on the order in which they came.
func (s *sample) reliability() []Bin {
	bins := make([]Bin, Bins)
	all, position, b := s.size(), 0, 0
	for from := 0; from < len(s.rising); {
		top := s.top[s.rising[from]]
		to, left, right := from, 0, 0
		for ; to < len(s.rising) && s.top[s.rising[to]] == top; to++ {
			i := s.rising[to]
			left += s.weights[i]
			if s.truth[i] == s.answer[i] {
				right += s.weights[i]
			}
		}
		from = to
		rate := float64(right) / float64(left)
		for left > 0 {
			for position == all*(b+1)/Bins {
				b++
			}
			n := min(left, all*(b+1)/Bins-position)
			bins[b].Pictures += n
			bins[b].Confidence += float64(n) * top
			bins[b].Accuracy += float64(n) * rate
			left, position = left-n, position+n
		}
	}
	kept := bins[:0]
	for _, bin := range bins {
		if n := float64(bin.Pictures); n > 0 {
			kept = append(kept, Bin{bin.Pictures, bin.Confidence / n, bin.Accuracy / n})
		}
	}
	return kept
}

// calibrationError is the expected calibration error: the distance between
// confidence and accuracy, averaged over bins of equal mass.
func calibrationError(bins []Bin) float64 {
	sum, all := 0.0, 0
	for _, b := range bins {
		sum += float64(b.Pictures) * math.Abs(b.Confidence-b.Accuracy)
		all += b.Pictures
	}
	return sum / float64(all)
}

// brier is Brier's score in his own form for many classes (1950): the squared
// distance between probabilities and truth (1 for the true class, 0 for the
// others), summed over classes, averaged over pictures. 0 is best, 2 worst.
func (s *sample) brier() float64 {
	sum := 0.0
	for i, p := range s.probabilities {
		if s.weights[i] == 0 {
			continue
		}
		squared := 0.0
		for class, v := range p {
			if class == s.truth[i] {
				v = 1 - v
			}
			squared += v * v
		}
		sum += float64(s.weights[i]) * squared
	}
	return sum / float64(s.size())
}

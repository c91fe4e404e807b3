package bundle

import (
	"slices"

	"blastlens/wasm/plan"
)

// encoding is how a weight is stored.
type encoding string

const (
	float32s encoding = "f32"
	halves   encoding = "f16"
	int8s    encoding = "i8" // then, aligned, a scale a channel of the last axis: the upper 16 bits of a float32
)

// size in bytes of n values, of which channels are on the last axis.
func (e encoding) size(n, channels int) int {
	switch e {
	case halves:
		return 2 * n
	case int8s:
		return n + padding(n, 4) + 2*channels
	}
	return 4 * n
}

// Budget is the length in bytes that Write keeps below, where 8-bit weights do.
const Budget = 13_000_000

// encodings chooses how to store each weight of p by the step that uses it, and
// spends spare bytes, beyond what 8-bit weights take, on half precision.
//
// Measured on B3 with ImageNet features and twelve smears, error of the pooled
// features relative to their deviation between pictures: depthwise filters in 8
// bits alone cost 17 %, in half precision 0.6 %, so they are never 8-bit. All
// others in 8 bits cost 13 %: stem 7, stages 0 to 6 7, 2, 2, 4, 4, 5 and 8, head
// convolution 6. The ends of the network lose most for their size, so spare
// bytes go to the convolutions and gates nearest to an end, as far as they fit.
func encodings(p *plan.Plan, spare int) []encoding {
	chosen := make([]encoding, len(p.Weights))
	for i := range chosen {
		chosen[i] = float32s
	}
	var ends []int // 8-bit weights of convolutions and gates, in order of the steps
	for _, s := range p.Steps {
		switch s.Op {
		case plan.Stem, plan.Pointwise:
			chosen[s.W] = int8s
			ends = append(ends, s.W)
		case plan.Squeeze:
			chosen[s.W], chosen[s.W2] = int8s, int8s
			chosen[s.B], chosen[s.B2] = halves, halves
			ends = append(ends, s.W, s.W2)
		case plan.Dense:
			chosen[s.W] = int8s
		case plan.Depthwise:
			chosen[s.W] = halves
		}
	}
	distance := make(map[int]int, len(ends))
	for i, w := range ends {
		distance[w] = min(i, len(ends)-1-i)
	}
	slices.SortStableFunc(ends, func(a, b int) int { return distance[a] - distance[b] })
	for _, w := range slices.Compact(ends) {
		n, channels := len(p.Weights[w].Data), p.Weights[w].Shape[len(p.Weights[w].Shape)-1]
		if more := halves.size(n, channels) - int8s.size(n, channels); more <= spare {
			chosen[w] = halves
			spare -= more
		}
	}
	return chosen
}

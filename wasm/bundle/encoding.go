package bundle

import (
	"math"

	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// encoding is how a weight is stored.
type encoding string

const (
	float32s encoding = "f32"
	halves   encoding = "f16"
	// 8-bit integers, then, aligned, a scale for each place of the last axis
	// (the output channels): the upper 16 bits of a float32.
	int8s encoding = "i8"
	// The same, then a scale for each row (the input channels) too.
	int8rows encoding = "i8r"
)

// size in bytes of n values, of which channels are on the last axis.
func (e encoding) size(n, channels int) int {
	switch e {
	case halves:
		return 2 * n
	case int8s:
		return n + padding(n, 4) + 2*channels
	case int8rows:
		return n + padding(n, 4) + 2*channels + 2*(n/channels)
	}
	return 4 * n
}

// Budget is the length in bytes that a model file stays below where it can.
const Budget = 13_000_000

// smallWeight is the largest number of values that are always stored as halves.
const smallWeight = 4096

// encodings chooses how to store each weight of p by the step that uses it.
//
// The choice for convolutions and gates depends on nothing but their size, so
// that rounding a body twice changes nothing the second time (see Round). On B3
// with ImageNet features and twelve smears, the error of the pooled features
// relative to their deviation between pictures was: depthwise filters in 8 bits
// 17 %, in half precision 0.6 %; all others in 8 bits 13 %, of which stem and
// first stage 7 each, though they have a few thousand weights.
//
// A linear layer into which a batch-norm was folded has rows of very different
// size; one scale a column would cost four times the error of all the rest, so
// rows get scales too. Where spare bytes allow it is stored as halves.
func encodings(p *plan.Plan, spare int) []encoding {
	chosen := make([]encoding, len(p.Weights))
	for i := range chosen {
		chosen[i] = float32s
	}
	byLength := func(w int) {
		if chosen[w] = int8s; len(p.Weights[w].Data) <= smallWeight {
			chosen[w] = halves
		}
	}
	for _, s := range p.Steps {
		switch s.Op {
		case plan.Stem, plan.Pointwise:
			byLength(s.W)
		case plan.Squeeze:
			byLength(s.W)
			byLength(s.W2)
			chosen[s.B], chosen[s.B2] = halves, halves
		case plan.Depthwise:
			chosen[s.W] = halves
		case plan.Dense:
			chosen[s.W] = int8rows
			n, channels := len(p.Weights[s.W].Data), p.Weights[s.W].Shape[1]
			if more := halves.size(n, channels) - int8rows.size(n, channels); more <= spare {
				chosen[s.W] = halves
				spare -= more
			}
		}
	}
	return chosen
}

// Round gives each weight of p's convolutions and gates the value that it will
// have after Write and Read; linear layers stay as they are. Rounding again, or
// writing, changes nothing more. A head that is trained on the features of a
// rounded body is trained on the features that it will meet in the tab.
func Round(p *plan.Plan) {
	weights := make([]tensor.Float32, len(p.Weights))
	for i, as := range encodings(p, 0) {
		w := p.Weights[i]
		data := make([]float32, len(w.Data))
		switch as {
		case halves:
			for j, v := range w.Data {
				data[j] = FromHalf(Half(v))
			}
		case int8s:
			q, scales := quantise(w.Data, w.Shape[len(w.Shape)-1])
			dequantise(data, q, scales)
		default:
			copy(data, w.Data)
		}
		weights[i] = tensor.Float32{Name: w.Name, Shape: w.Shape, Data: data}
	}
	p.Weights = weights
}

// short rounds v to the float32 nearest to it whose lower 16 bits are zero.
func short(v float32) float32 {
	return math.Float32frombits((math.Float32bits(v) + 0x8000) &^ 0xffff)
}

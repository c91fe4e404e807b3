package learn

import (
	"math"

	"blastlens/model/net"
	"blastlens/wasm/kernel/norm"
)

// Momentum is how far the running statistics move towards a batch's (PyTorch's
// convention), and timm's default.
const Momentum = .1

// batchNorm is one batch-norm over c channels.
type batchNorm struct {
	n                 *Network
	name              string
	gamma, beta       *Parameter
	running           [2][]float32 // mean, unbiased variance
	mean, variance    []float32    // of the batch, or the running ones
	scale, shift      []float32    // y = x*scale + shift
	moments           []*norm.Moments
	slopes            []*norm.Slopes
	input             norm.Backward // the input's gradient, once slopes are summed
	headNorm          bool
	channels, samples int // samples a channel in the last batch
}

func (n *Network) newBatchNorm(name string, channels int, inHead bool) *batchNorm {
	tensorOf := func(suffix string, role net.Role) net.Tensor {
		return net.Tensor{Name: name + suffix, Shape: []int{channels}, Role: role, Head: inHead}
	}
	b := &batchNorm{
		n: n, name: name, channels: channels, headNorm: inHead,
		gamma: n.parameter(tensorOf(".weight", net.Scale)), beta: n.parameter(tensorOf(".bias", net.Shift)),
		mean: make([]float32, channels), variance: make([]float32, channels),
		scale: make([]float32, channels), shift: make([]float32, channels),
	}
	b.running = [2][]float32{make([]float32, channels), make([]float32, channels)}
	for range n.parts {
		b.moments = append(b.moments, norm.NewMoments(b.running[0]))
		b.slopes = append(b.slopes, norm.NewSlopes(channels))
	}
	return b
}

func (b *batchNorm) statistics() []statistic {
	return []statistic{
		{net.Tensor{Name: b.name + ".running_mean", Shape: []int{b.channels}, Role: net.Mean, Head: b.headNorm}, b.running[0]},
		{net.Tensor{Name: b.name + ".running_var", Shape: []int{b.channels}, Role: net.Variance, Head: b.headNorm}, b.running[1]},
	}
}

// begin forgets the sums of the last batch.
func (b *batchNorm) begin() {
	for p := range b.moments {
		b.moments[p].Clear()
	}
}

// settle fixes scale and shift, in training from the parts' moments over samples
// values a channel.
func (b *batchNorm) settle(samples int) {
	b.samples = samples
	if b.n.training {
		total := b.moments[0]
		for _, m := range b.moments[1:] {
			total.Add(m)
		}
		total.Statistics(b.mean, b.variance, samples)
		unbias := float64(samples) / float64(max(1, samples-1))
		for c := range b.mean {
			b.running[0][c] += float32(Momentum * float64(b.mean[c]-b.running[0][c]))
			b.running[1][c] += float32(Momentum * (float64(b.variance[c])*unbias - float64(b.running[1][c])))
		}
	} else {
		copy(b.mean, b.running[0])
		copy(b.variance, b.running[1])
	}
	for c := range b.scale {
		s := float64(b.gamma.Value[c]) / math.Sqrt(float64(b.variance[c])+net.Eps)
		b.scale[c] = float32(s)
		b.shift[c] = float32(float64(b.beta.Value[c]) - float64(b.mean[c])*s)
	}
}

// settleBackward turns the parts' slopes into the gradients of gamma and beta
// and into the function that gives the input's.
func (b *batchNorm) settleBackward() {
	total := b.slopes[0]
	for _, s := range b.slopes[1:] {
		total.Add(s)
	}
	for c := range b.scale {
		b.gamma.Grad[c] = float32(total.Products[c] / math.Sqrt(float64(b.variance[c])+net.Eps))
		b.beta.Grad[c] = float32(total.Sum[c])
	}
	b.input = norm.NewBackward(total, b.gamma.Value, b.mean, b.variance, net.Eps, b.samples)
}

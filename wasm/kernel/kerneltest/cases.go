package kerneltest

import (
	"fmt"
	"math"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/stem"
)

// perTerm is the weight scale that keeps a sum of n products near 1.
func perTerm(n int) float32 { return float32(math.Sqrt(3 / float64(n))) }

// Pointwise is a case of the 1x1 convolution.
type Pointwise struct {
	pointwise.Shape
	Gate, Residual bool
	Act            activation.Kind
}

// PointwiseCases has shapes of B3 with few rows, and odd ones that end in the
// middle of every tile of every implementation.
var PointwiseCases = []Pointwise{
	{Shape: pointwise.Shape{Rows: 1, C: 1, M: 1}},
	{Shape: pointwise.Shape{Rows: 2, C: 3, M: 6}, Act: activation.ReLU},
	{Shape: pointwise.Shape{Rows: 3, C: 10, M: 17}, Act: activation.SiLU},
	{Shape: pointwise.Shape{Rows: 5, C: 17, M: 3}, Gate: true},
	{Shape: pointwise.Shape{Rows: 7, C: 6, M: 31}, Residual: true},
	{Shape: pointwise.Shape{Rows: 9, C: 58, M: 33}, Gate: true, Residual: true, Act: activation.Sigmoid},
	{Shape: pointwise.Shape{Rows: 13, C: 7, M: 48}, Residual: true},
	{Shape: pointwise.Shape{Rows: 24, C: 5, M: 50}, Act: activation.SiLU},
	{Shape: pointwise.Shape{Rows: 65, C: 33, M: 65}, Gate: true, Residual: true, Act: activation.SiLU},
	{Shape: pointwise.Shape{Rows: 130, C: 40, M: 24}, Gate: true},
	{Shape: pointwise.Shape{Rows: 61, C: 24, M: 144}, Act: activation.SiLU},
	{Shape: pointwise.Shape{Rows: 49, C: 288, M: 48}, Gate: true, Residual: true},
	{Shape: pointwise.Shape{Rows: 49, C: 136, M: 816}, Act: activation.SiLU},
	{Shape: pointwise.Shape{Rows: 49, C: 1392, M: 232}, Gate: true, Residual: true},
	{Shape: pointwise.Shape{Rows: 9, C: 384, M: 1536}, Act: activation.SiLU},
}

func (c Pointwise) String() string {
	s := c.Shape.String()
	if c.Gate {
		s += "+gate"
	}
	if c.Residual {
		s += "+residual"
	}
	return s + named(c.Act)
}

// Inputs are x [Rows,C], w [C,M], b [M], gate [C] or nil, residual [Rows,M] or nil.
func (c Pointwise) Inputs() (x, w, b, gate, residual []float32) {
	x, w, b = Fill(1, c.Rows*c.C), Scaled(2, c.C*c.M, perTerm(c.C)), Fill(3, c.M)
	if c.Gate {
		gate = Fill(4, c.C)
	}
	if c.Residual {
		residual = Fill(5, c.Rows*c.M)
	}
	return x, w, b, gate, residual
}

// Depthwise is a case of the channel-by-channel convolution.
type Depthwise struct {
	depthwise.Shape
	Act activation.Kind
}

// DepthwiseCases crosses both kernel sizes and strides with maps smaller than
// the kernel, odd and even sides, and odd channel counts; then B3's shapes.
var DepthwiseCases = depthwiseCases()

func depthwiseCases() []Depthwise {
	var all []Depthwise
	sides := []struct{ h, w, c int }{
		{1, 1, 1}, {2, 1, 3}, {3, 3, 6}, {4, 5, 10}, {7, 7, 17}, {8, 6, 58}, {9, 14, 33}, {13, 11, 144},
	}
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			for i, s := range sides {
				act := []activation.Kind{activation.SiLU, activation.None, activation.ReLU}[i%3]
				all = append(all, Depthwise{depthwise.Shape{H: s.h, W: s.w, C: s.c, K: k, Stride: stride}, act})
			}
		}
	}
	return append(all,
		// wide enough for several strips of rows
		Depthwise{depthwise.Shape{H: 40, W: 112, C: 17, K: 5, Stride: 1}, activation.SiLU},
		Depthwise{depthwise.Shape{H: 61, W: 113, C: 20, K: 3, Stride: 2}, activation.None},
		Depthwise{depthwise.Shape{H: 28, W: 28, C: 40, K: 3, Stride: 1}, activation.SiLU},
		Depthwise{depthwise.Shape{H: 14, W: 14, C: 816, K: 5, Stride: 1}, activation.SiLU},
		Depthwise{depthwise.Shape{H: 14, W: 14, C: 816, K: 5, Stride: 2}, activation.SiLU},
		Depthwise{depthwise.Shape{H: 7, W: 7, C: 1392, K: 3, Stride: 1}, activation.SiLU},
	)
}

func (c Depthwise) String() string {
	return fmt.Sprintf("%dx%dx%d,k%d,s%d", c.H, c.W, c.C, c.K, c.Stride) + named(c.Act)
}

// Inputs are x [H,W,C], w [K,K,C], b [C].
func (c Depthwise) Inputs() (x, w, b []float32) {
	return Fill(11, c.H*c.W*c.C), Scaled(12, c.K*c.K*c.C, perTerm(c.K*c.K)), Fill(13, c.C)
}

// Stem is a case of the first convolution.
type Stem struct {
	stem.Shape
	Act activation.Kind
}

// StemCases has single pixels, odd and even sides and odd output counts.
var StemCases = []Stem{
	{stem.Shape{H: 1, W: 1, M: 1}, activation.None},
	{stem.Shape{H: 2, W: 3, M: 3}, activation.ReLU},
	{stem.Shape{H: 5, W: 4, M: 10}, activation.SiLU},
	{stem.Shape{H: 7, W: 9, M: 17}, activation.Sigmoid},
	{stem.Shape{H: 15, W: 13, M: 58}, activation.SiLU},
	{stem.Shape{H: 32, W: 32, M: 40}, activation.SiLU},
	{stem.Shape{H: 37, W: 53, M: 40}, activation.SiLU},
}

func (c Stem) String() string { return fmt.Sprintf("%dx%dx3-%d", c.H, c.W, c.M) + named(c.Act) }

// Inputs are x [H,W,3], w [3,3,3,M], b [M].
func (c Stem) Inputs() (x, w, b []float32) {
	return Fill(21, c.H*c.W*3), Scaled(22, 27*c.M, perTerm(27)), Fill(23, c.M)
}

// Squeeze is a case of the squeeze-and-excitation gate.
type Squeeze struct{ squeeze.Shape }

// SqueezeCases has B3's smallest and largest gates, and odd ones.
var SqueezeCases = []Squeeze{
	{squeeze.Shape{Pixels: 1, C: 1, S: 1}},
	{squeeze.Shape{Pixels: 3, C: 3, S: 2}},
	{squeeze.Shape{Pixels: 10, C: 17, S: 6}},
	{squeeze.Shape{Pixels: 49, C: 58, S: 3}},
	{squeeze.Shape{Pixels: 169, C: 33, S: 17}},
	{squeeze.Shape{Pixels: 400, C: 40, S: 10}},
	{squeeze.Shape{Pixels: 196, C: 816, S: 34}},
	{squeeze.Shape{Pixels: 49, C: 2304, S: 96}},
}

func (c Squeeze) String() string { return fmt.Sprintf("%dx%d-%d", c.Pixels, c.C, c.S) }

// Inputs are x [Pixels,C], w1 [C,S], b1 [S], w2 [S,C], b2 [C].
func (c Squeeze) Inputs() (x, w1, b1, w2, b2 []float32) {
	return Fill(31, c.Pixels*c.C), Scaled(32, c.C*c.S, perTerm(c.C)), Fill(33, c.S), Scaled(34, c.S*c.C, perTerm(c.S)), Fill(35, c.C)
}

// Pool is a case of the reduction over pixels.
type Pool struct{ pool.Shape }

// PoolCases has both kinds on odd shapes and B3's last map.
var PoolCases = []Pool{
	{pool.Shape{Pixels: 1, C: 1, Kind: pool.Avg}},
	{pool.Shape{Pixels: 1, C: 3, Kind: pool.MaxAvg}},
	{pool.Shape{Pixels: 5, C: 17, Kind: pool.MaxAvg}},
	{pool.Shape{Pixels: 9, C: 58, Kind: pool.Avg}},
	{pool.Shape{Pixels: 30, C: 33, Kind: pool.MaxAvg}},
	{pool.Shape{Pixels: 49, C: 1536, Kind: pool.MaxAvg}},
	{pool.Shape{Pixels: 49, C: 1536, Kind: pool.Avg}},
}

func (c Pool) String() string { return fmt.Sprintf("%s,%dx%d", c.Kind, c.Pixels, c.C) }

// Inputs is x [Pixels,C].
func (c Pool) Inputs() (x []float32) { return Fill(41, c.Pixels*c.C) }

// Dense is a case of the fully connected layer.
type Dense struct {
	dense.Shape
	Act activation.Kind
}

// DenseCases has both heads' layers, and odd ones.
var DenseCases = []Dense{
	{dense.Shape{C: 1, M: 1}, activation.None},
	{dense.Shape{C: 3, M: 17}, activation.ReLU},
	{dense.Shape{C: 58, M: 6}, activation.Sigmoid},
	{dense.Shape{C: 33, M: 65}, activation.SiLU},
	{dense.Shape{C: 512, M: 4}, activation.None},
	{dense.Shape{C: 1536, M: 1000}, activation.None},
	{dense.Shape{C: 3072, M: 512}, activation.ReLU},
}

func (c Dense) String() string { return fmt.Sprintf("%d-%d", c.C, c.M) + named(c.Act) }

// Inputs are x [C], w [C,M], b [M].
func (c Dense) Inputs() (x, w, b []float32) {
	return Fill(51, c.C), Scaled(52, c.C*c.M, perTerm(c.C)), Fill(53, c.M)
}

// Norm is a case of the batch-norm that stands alone.
type Norm struct {
	norm.Shape
	Act activation.Kind
}

// NormCases has odd shapes and the heads' own norms.
var NormCases = []Norm{
	{norm.Shape{Rows: 1, C: 1}, activation.None},
	{norm.Shape{Rows: 3, C: 3}, activation.SiLU},
	{norm.Shape{Rows: 5, C: 17}, activation.ReLU},
	{norm.Shape{Rows: 7, C: 58}, activation.Sigmoid},
	{norm.Shape{Rows: 1, C: 3072}, activation.None},
	{norm.Shape{Rows: 49, C: 384}, activation.None},
}

func (c Norm) String() string { return fmt.Sprintf("%dx%d", c.Rows, c.C) + named(c.Act) }

// Inputs are x [Rows,C], scale [C], shift [C].
func (c Norm) Inputs() (x, scale, shift []float32) {
	return Fill(61, c.Rows*c.C), Fill(62, c.C), Fill(63, c.C)
}

func named(k activation.Kind) string {
	if k == activation.None {
		return ""
	}
	return "," + string(k)
}

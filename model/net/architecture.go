// Package net is timm's efficientnet_b3 (Tan and Le 2019) as a table: its
// blocks, the names and shapes of its tensors as timm has them, its heads, and
// the ONNX graph that they make.
package net

import "fmt"

const (
	// Architecture is timm's name of the network.
	Architecture = "efficientnet_b3"
	// Eps is added to the variance in each batch-norm.
	Eps = 1e-5

	stemOut  = 40
	features = 1536 // channels after conv_head
	// Features is the length of the vector that the fastai head reads: each
	// channel's maximum, then each channel's average.
	Features = 2 * features
)

// Stage is a row of the network's table: Repeats blocks of one kind, the first
// of which has the stride and changes the channels to Out.
type Stage struct {
	// Expand is how many times wider than its input a block works inside; 1 is
	// a block without the expanding convolution (timm's "ds", others are "ir").
	Repeats, Kernel, Stride, Expand, Out int
}

// Stages is the body between stem (3x3, stride 2, 40 channels) and head
// convolution (1x1, 1536 channels). Squeeze-and-excitation takes a quarter of a
// block's input channels.
var Stages = [...]Stage{
	{Repeats: 2, Kernel: 3, Stride: 1, Expand: 1, Out: 24},
	{Repeats: 3, Kernel: 3, Stride: 2, Expand: 6, Out: 32},
	{Repeats: 3, Kernel: 5, Stride: 2, Expand: 6, Out: 48},
	{Repeats: 5, Kernel: 3, Stride: 2, Expand: 6, Out: 96},
	{Repeats: 5, Kernel: 5, Stride: 1, Expand: 6, Out: 136},
	{Repeats: 6, Kernel: 5, Stride: 2, Expand: 6, Out: 232},
	{Repeats: 2, Kernel: 3, Stride: 1, Expand: 6, Out: 384},
}

// Block is one mobile inverted bottleneck: expand, depthwise, squeeze, project.
type Block struct {
	Name         string // blocks.<stage>.<index>
	Stage, Index int
	// In, Mid, Out are channels before, inside and after; Squeezed is the width of its gate.
	In, Mid, Out, Squeezed int
	Kernel, Stride         int
}

// Expands reports whether the block begins with an expanding convolution.
func (b Block) Expands() bool { return b.Mid != b.In }

// Skip reports whether the block's input is added to its output.
func (b Block) Skip() bool { return b.Stride == 1 && b.In == b.Out }

// Blocks lists the 26 blocks in order.
func Blocks() []Block {
	var blocks []Block
	in := stemOut
	for s, stage := range Stages {
		for i := range stage.Repeats {
			stride := 1
			if i == 0 {
				stride = stage.Stride
			}
			blocks = append(blocks, Block{
				Name: fmt.Sprintf("blocks.%d.%d", s, i), Stage: s, Index: i,
				In: in, Mid: in * stage.Expand, Out: stage.Out, Squeezed: in / 4,
				Kernel: stage.Kernel, Stride: stride,
			})
			in = stage.Out
		}
	}
	return blocks
}

// Conv is a convolution without bias, its batch-norm and whether SiLU follows.
type Conv struct {
	Name, Norm             string // timm's
	In, Out                int
	Kernel, Stride, Groups int
	SiLU                   bool
}

// The convolutions before and after the blocks.
var (
	Stem     = Conv{Name: "conv_stem", Norm: "bn1", In: 3, Out: stemOut, Kernel: 3, Stride: 2, Groups: 1, SiLU: true}
	HeadConv = Conv{Name: "conv_head", Norm: "bn2", In: Stages[len(Stages)-1].Out, Out: features, Kernel: 1, Stride: 1, Groups: 1, SiLU: true}
)

// Expansion is the block's first convolution, if it Expands.
func (b Block) Expansion() Conv {
	return Conv{Name: b.Name + ".conv_pw", Norm: b.Name + ".bn1", In: b.In, Out: b.Mid, Kernel: 1, Stride: 1, Groups: 1, SiLU: true}
}

// Depthwise is the block's convolution of each channel by itself.
func (b Block) Depthwise() Conv {
	norm := ".bn1"
	if b.Expands() {
		norm = ".bn2"
	}
	return Conv{Name: b.Name + ".conv_dw", Norm: b.Name + norm, In: b.Mid, Out: b.Mid, Kernel: b.Kernel, Stride: b.Stride, Groups: b.Mid, SiLU: true}
}

// Projection is the block's last convolution, to its output's channels.
func (b Block) Projection() Conv {
	c := Conv{Name: b.Name + ".conv_pw", Norm: b.Name + ".bn2", In: b.Mid, Out: b.Out, Kernel: 1, Stride: 1, Groups: 1}
	if b.Expands() {
		c.Name, c.Norm = b.Name+".conv_pwl", b.Name+".bn3"
	}
	return c
}

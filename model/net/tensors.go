package net

import (
	"fmt"

	"blastlens/wasm/tensor"
)

// Head is what turns the body's last map [H,W,1536] into logits.
type Head string

const (
	// Fastai is fastai's default head: concatenated pool (maximum, then average)
	// -> batch-norm(3072) -> dropout 0.25 -> linear 3072x512 -> ReLU ->
	// batch-norm(512) -> dropout 0.5 -> linear 512xclasses, both without bias.
	// Its tensors are named by their place in fastai's nn.Sequential:
	// head.2 (batch-norm), head.4, head.6 (batch-norm), head.8.
	Fastai Head = "fastai"
	// Plain is timm's: average pool -> linear 1536xclasses with bias, "classifier".
	Plain Head = "plain"
	// Pooled has no tensors: the 3072 concatenated features themselves.
	Pooled Head = "features"
)

// ParseHead reads a head's name as a flag gives it.
func ParseHead(s string) (Head, error) {
	switch h := Head(s); h {
	case Fastai, Plain:
		return h, nil
	}
	return "", fmt.Errorf("no head %q, want fastai or plain", s)
}

// Hidden is the width between the two linear layers of Fastai.
const Hidden = 512

// Role is what a tensor does.
type Role string

const (
	Weight   Role = "weight" // of a convolution [out, in/groups, k, k] or linear layer [out, in]
	Bias     Role = "bias"
	Scale    Role = "scale"    // of a batch-norm (gamma; timm calls it weight)
	Shift    Role = "shift"    // of a batch-norm (beta; timm calls it bias)
	Mean     Role = "mean"     // running mean
	Variance Role = "variance" // running variance
)

// Tensor names one tensor of the network. Layouts are PyTorch's.
type Tensor struct {
	Name  string
	Shape []int
	Role  Role
	Head  bool // belongs to the head
}

// Parameter reports whether the tensor is learned; running statistics are not.
func (t Tensor) Parameter() bool { return t.Role != Mean && t.Role != Variance }

// Trainable reports whether the tensor is learned while the body is frozen, as
// fastai freezes it: the head and all batch-norms learn.
func (t Tensor) Trainable() bool {
	return t.Parameter() && (t.Head || t.Role == Scale || t.Role == Shift)
}

// Params are a network's tensors by name. Those of a head that is not alone on
// its body carry the head's prefix (see Output).
type Params map[string]tensor.Float32

// Names lists every tensor of the body and one head in the order of the
// forward pass, which is also timm's.
func Names(head Head, classes int) []Tensor {
	return append(bodyTensors(), headTensors(head, classes)...)
}

func bodyTensors() []Tensor {
	all := convTensors(Stem)
	for _, b := range Blocks() {
		if b.Expands() {
			all = append(all, convTensors(b.Expansion())...)
		}
		all = append(all, convTensors(b.Depthwise())...)
		all = append(all,
			Tensor{Name: b.Name + ".se.conv_reduce.weight", Shape: []int{b.Squeezed, b.Mid, 1, 1}, Role: Weight},
			Tensor{Name: b.Name + ".se.conv_reduce.bias", Shape: []int{b.Squeezed}, Role: Bias},
			Tensor{Name: b.Name + ".se.conv_expand.weight", Shape: []int{b.Mid, b.Squeezed, 1, 1}, Role: Weight},
			Tensor{Name: b.Name + ".se.conv_expand.bias", Shape: []int{b.Mid}, Role: Bias},
		)
		all = append(all, convTensors(b.Projection())...)
	}
	return append(all, convTensors(HeadConv)...)
}

func headTensors(head Head, classes int) []Tensor {
	var all []Tensor
	switch head {
	case Fastai:
		all = append(all, normTensors("head.2", Features)...)
		all = append(all, Tensor{Name: "head.4.weight", Shape: []int{Hidden, Features}, Role: Weight})
		all = append(all, normTensors("head.6", Hidden)...)
		all = append(all, Tensor{Name: "head.8.weight", Shape: []int{classes, Hidden}, Role: Weight})
	case Plain:
		all = append(all, linearTensors("classifier", features, classes)...)
	}
	for i := range all {
		all[i].Head = true
	}
	return all
}

func convTensors(c Conv) []Tensor {
	w := Tensor{Name: c.Name + ".weight", Shape: []int{c.Out, c.In / c.Groups, c.Kernel, c.Kernel}, Role: Weight}
	return append([]Tensor{w}, normTensors(c.Norm, c.Out)...)
}

func normTensors(name string, channels int) []Tensor {
	shape := []int{channels}
	return []Tensor{
		{Name: name + ".weight", Shape: shape, Role: Scale},
		{Name: name + ".bias", Shape: shape, Role: Shift},
		{Name: name + ".running_mean", Shape: shape, Role: Mean},
		{Name: name + ".running_var", Shape: shape, Role: Variance},
	}
}

func linearTensors(name string, in, out int) []Tensor {
	return []Tensor{
		{Name: name + ".weight", Shape: []int{out, in}, Role: Weight},
		{Name: name + ".bias", Shape: []int{out}, Role: Bias},
	}
}

package learn

import (
	"fmt"
	"slices"

	"blastlens/model/net"
	"blastlens/wasm/tensor"
)

// Parameter is one learned array, in its kernel's layout, with its gradient.
type Parameter struct {
	net.Tensor // timm's name and PyTorch's shape
	Value      []float32
	Grad       []float32
	parts      [][]float32 // each part's share of Grad
	frozen     bool        // as Network.Frozen was in the last step
}

// Decays reports whether weight decay applies: to matrices, not to biases and
// batch-norms, as in fastai.
func (p *Parameter) Decays() bool { return p.Role == net.Weight }

// Learns reports whether the last Backward computed its gradient.
func (p *Parameter) Learns() bool { return !p.frozen }

func (n *Network) parameter(t net.Tensor) *Parameter {
	size := tensor.Len(t.Shape)
	p := &Parameter{Tensor: t, Value: make([]float32, size), Grad: make([]float32, size)}
	p.parts = [][]float32{p.Grad}
	n.Parameters = append(n.Parameters, p)
	return p
}

func (p *Parameter) clear() {
	for _, part := range p.parts {
		clear(part)
	}
}

// reduce adds up the parts, in order.
func (p *Parameter) reduce() {
	for _, part := range p.parts[1:] {
		for i, v := range part {
			p.Grad[i] += v
		}
	}
}

// Load fills the network from p: all its tensors must be there, in their shape.
func (n *Network) Load(p net.Params) error {
	for _, own := range n.Parameters {
		data, err := find(p, own.Tensor)
		if err != nil {
			return err
		}
		toKernel(own.Tensor, own.Value, data)
	}
	for _, r := range n.statistics() {
		data, err := find(p, r.Tensor)
		if err != nil {
			return err
		}
		copy(r.data, data)
	}
	return nil
}

func find(p net.Params, want net.Tensor) ([]float32, error) {
	t, ok := p[want.Name]
	if !ok {
		return nil, fmt.Errorf("learn: tensor %s is missing", want.Name)
	}
	if !slices.Equal(t.Shape, want.Shape) || len(t.Data) != tensor.Len(want.Shape) {
		return nil, fmt.Errorf("learn: tensor %s has shape %v and %d values, want %v", want.Name, t.Shape, len(t.Data), want.Shape)
	}
	return t.Data, nil
}

// Params are copies of all tensors, running statistics included, as PyTorch
// lays them out.
func (n *Network) Params() net.Params {
	return n.params(func(p *Parameter) []float32 { return p.Value })
}

// Gradients are the parameters' gradients, as PyTorch lays them out.
func (n *Network) Gradients() net.Params {
	return n.params(func(p *Parameter) []float32 { return p.Grad })
}

func (n *Network) params(of func(p *Parameter) []float32) net.Params {
	all := net.Params{}
	for _, p := range n.Parameters {
		data := make([]float32, len(p.Value))
		fromKernel(p.Tensor, data, of(p))
		all[p.Name] = tensor.Float32{Name: p.Name, Shape: p.Shape, Data: data}
	}
	for _, r := range n.statistics() {
		all[r.Name] = tensor.Float32{Name: r.Name, Shape: r.Shape, Data: slices.Clone(r.data)}
	}
	return all
}

// statistic is a running mean or variance.
type statistic struct {
	net.Tensor
	data []float32
}

func (n *Network) statistics() []statistic {
	var all []statistic
	for _, c := range n.convolutions() {
		all = append(all, c.norm.statistics()...)
	}
	for _, b := range n.head.norms() {
		all = append(all, b.statistics()...)
	}
	return all
}

func (n *Network) convolutions() []*convolution {
	all := []*convolution{n.stem}
	for _, b := range n.blocks {
		if b.expand != nil {
			all = append(all, b.expand)
		}
		all = append(all, b.depthwise, b.project)
	}
	return append(all, n.last)
}

// toKernel turns PyTorch's layout [out, in/groups, ky, kx] into the kernels',
// where the output channel goes fastest: [ky, kx, in/groups, out].
func toKernel(t net.Tensor, to, from []float32) {
	relay(t, func(torch, kernel int) { to[kernel] = from[torch] })
}

// fromKernel is the inverse of toKernel.
func fromKernel(t net.Tensor, to, from []float32) {
	relay(t, func(torch, kernel int) { to[torch] = from[kernel] })
}

func relay(t net.Tensor, put func(torch, kernel int)) {
	out, in, taps := t.Shape[0], 1, 1
	if len(t.Shape) > 1 {
		in = t.Shape[1]
	}
	if len(t.Shape) == 4 {
		taps = t.Shape[2] * t.Shape[3]
	}
	for o := range out {
		for i := range in {
			for k := range taps {
				put((o*in+i)*taps+k, (k*in+i)*out+o)
			}
		}
	}
}

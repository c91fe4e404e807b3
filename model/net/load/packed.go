package load

import (
	"fmt"
	"maps"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// Packed fills p, made by net.InitRandom or alike for the body, from a packed
// model that was read. Beside the tensors of net.Names, want may hold those of
// further heads, each under its prefix (see Heads).
func Packed(p net.Params, want []net.Tensor, b *bundle.Bundle) (Report, error) {
	report := Report{Source: "packed model " + b.Version}
	found, err := unpack(b, p)
	if err == nil {
		err = report.fill(p, want, found)
	}
	if err != nil {
		return report, fmt.Errorf("load: %s: %w", report.Source, err)
	}
	return report, nil
}

// Heads tells of each output of a packed network which head makes it, of how
// many classes and under which prefix, in the plan's order.
func Heads(p *plan.Plan) ([]net.Output, error) {
	heads := make([]net.Output, len(p.Outputs))
	for i, o := range p.Outputs {
		heads[i] = net.Output{Name: o.Name, Classes: p.Values[o.Value].Len()}
		for _, s := range p.Steps {
			for last, head := range map[string]net.Head{"classifier": net.Plain, "head.8": net.Fastai} {
				if prefix, ok := strings.CutSuffix(s.Name, last); ok && s.Op == plan.Dense && s.Out == o.Value {
					heads[i].Head, heads[i].Prefix = head, prefix
				}
			}
		}
		if heads[i].Head == "" {
			return nil, fmt.Errorf("load: output %s is made by no step classifier or head.8: no head that is known", o.Name)
		}
	}
	return heads, nil
}

// unpack takes the tensors of a packed model apart again. Its batch-norms were
// folded: what they did is in the weights, and a batch-norm that only adds the
// folded bias (scale 1, mean 0, variance 1 less epsilon) takes their place.
// A block that the model leaves out, since it changes nothing, keeps the values
// that it has in initial.
func unpack(b *bundle.Bundle, initial net.Params) (net.Params, error) {
	if b.Network != net.Architecture {
		return nil, fmt.Errorf("the model is a %s, want %s", b.Network, net.Architecture)
	}
	return fromPlan(b.Plan, initial), nil
}

// Round gives p's body the weights that a packed model will have: batch-norm
// folded, convolutions rounded to 8 bits or half precision as package bundle
// stores them. A head that learns on the features of a rounded body meets the
// same features in the tab; without it, rounding moves the logits of a trained
// head by a few per cent of their range. The head's own tensors stay.
func Round(p net.Params) error {
	const size = 64 // any: weights do not depend on it
	g, err := net.Build(p, size, net.Output{Name: "features", Head: net.Pooled})
	if err != nil {
		return err
	}
	rounded, err := lower.Lower(g, size)
	if err != nil {
		return err
	}
	bundle.Round(rounded)
	maps.Copy(p, fromPlan(rounded, p))
	return nil
}

func fromPlan(p *plan.Plan, initial net.Params) net.Params {
	u := unpacker{plan: p, steps: map[string]plan.Step{}, out: net.Params{}}
	for _, s := range p.Steps {
		u.steps[s.Name] = s
	}
	names := net.Names(net.Pooled, 0)
	for i, t := range names {
		switch {
		case t.Role != net.Weight:
		case names[i+1].Role == net.Scale: // a convolution and its batch-norm
			name := strings.TrimSuffix(t.Name, ".weight")
			if s, ok := u.steps[name]; ok && (s.Op == plan.Stem || s.Op == plan.Pointwise || s.Op == plan.Depthwise) {
				u.put(t.Name, t.Shape, u.convolution(s))
				u.norm(strings.TrimSuffix(names[i+1].Name, ".weight"), u.data(s.B))
			}
		case strings.HasSuffix(t.Name, ".se.conv_reduce.weight"):
			name := strings.TrimSuffix(t.Name, ".conv_reduce.weight")
			if s, ok := u.steps[name]; ok && s.Op == plan.Squeeze {
				u.dense(name+".conv_reduce", s.W, 1, 1)
				u.put(name+".conv_reduce.bias", u.shape(s.B), u.data(s.B))
				u.dense(name+".conv_expand", s.W2, 1, 1)
				u.put(name+".conv_expand.bias", u.shape(s.B2), u.data(s.B2))
			}
		}
	}
	for _, b := range net.Blocks() {
		if _, there := u.steps[b.Name+".conv_dw"]; !there && b.Skip() && b.Expands() {
			identity(b, initial, u.put)
		}
	}
	for name, s := range u.steps {
		if s.Op != plan.Dense {
			continue
		}
		switch {
		case strings.HasSuffix(name, "classifier"):
			u.dense(name, s.W)
			u.put(name+".bias", u.shape(s.B), u.data(s.B))
		case strings.HasSuffix(name, "head.4"):
			u.dense(name, s.W)
			u.shiftBefore(strings.TrimSuffix(name, "4")+"2", s)
		case strings.HasSuffix(name, "head.8"):
			u.dense(name, s.W)
			u.shiftBefore(strings.TrimSuffix(name, "8")+"6", s)
		}
	}
	return u.out
}

type unpacker struct {
	plan  *plan.Plan
	steps map[string]plan.Step
	out   net.Params
}

func (u *unpacker) put(name string, shape []int, data []float32) {
	u.out[name] = tensor.Float32{Name: name, Shape: shape, Data: data}
}

func (u *unpacker) data(weight int) []float32 { return u.plan.Weights[weight].Data }

func (u *unpacker) shape(weight int) []int { return u.plan.Weights[weight].Shape }

// convolution is a step's weight in PyTorch's layout, outputs first.
func (u *unpacker) convolution(s plan.Step) []float32 {
	shape, w := u.shape(s.W), u.data(s.W)
	m := shape[len(shape)-1]
	if s.Op != plan.Stem { // [C,M] or [K,K,C]: only the last axis moves to the front
		return transposed(w, len(w)/m, m)
	}
	t := make([]float32, len(w)) // [ky,kx,in,out] -> [out,in,ky,kx]
	for k := range 9 {
		for i := range 3 {
			for o := range m {
				t[(o*3+i)*9+k] = w[(k*3+i)*m+o]
			}
		}
	}
	return t
}

// dense puts a linear layer's weight [C,M] as [M,C], with trailing axes of one.
func (u *unpacker) dense(name string, weight int, trailing ...int) {
	shape := u.shape(weight)
	u.put(name+".weight", append([]int{shape[1], shape[0]}, trailing...), transposed(u.data(weight), shape[0], shape[1]))
}

func (u *unpacker) norm(name string, shift []float32) {
	shape := []int{len(shift)}
	scale, mean, variance := make([]float32, len(shift)), make([]float32, len(shift)), make([]float32, len(shift))
	for i := range shift {
		scale[i], variance[i] = 1, 1-net.Eps
	}
	u.put(name+".weight", shape, scale)
	u.put(name+".bias", shape, shift)
	u.put(name+".running_mean", shape, mean)
	u.put(name+".running_var", shape, variance)
}

// shiftBefore puts the batch-norm before a linear layer that has no bias of its
// own: the smallest shift c with W·c = b, so the layer makes what the folded one
// made. Where the weights allow none, the batch-norm stays missing.
func (u *unpacker) shiftBefore(name string, s plan.Step) {
	shape := u.shape(s.W)
	c, m := shape[0], shape[1]
	w := mat.NewDense(c, m, nil) // W transposed
	for i, v := range u.data(s.W) {
		w.Set(i/m, i%m, float64(v))
	}
	b := mat.NewVecDense(m, nil)
	largest := 0.0
	for i, v := range u.data(s.B) {
		b.SetVec(i, float64(v))
		largest = max(largest, math.Abs(float64(v)))
	}
	var gram mat.SymDense
	gram.SymOuterK(1, w.T())
	var factor mat.Cholesky
	var y, shift, check mat.VecDense
	if !factor.Factorize(&gram) || factor.SolveVecTo(&y, b) != nil {
		return
	}
	shift.MulVec(w, &y)
	check.MulVec(w.T(), &shift)
	check.SubVec(&check, b)
	if !(mat.Norm(&check, math.Inf(1)) <= 1e-5*largest) {
		return
	}
	data := make([]float32, c)
	for i := range data {
		data[i] = float32(shift.AtVec(i))
	}
	u.norm(name, data)
}

// transposed is w [rows, columns] as [columns, rows].
func transposed(w []float32, rows, columns int) []float32 {
	t := make([]float32, len(w))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = w[r*columns+c]
		}
	}
	return t
}

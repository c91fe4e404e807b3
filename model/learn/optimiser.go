package learn

import "math"

// AdamW is Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and
// Hutter 2019), step by step as in fastai: decay first, on matrices only.
type AdamW struct {
	Decay, Beta2, Epsilon float64
	Step                  int
	First, Second         [][]float32 // moments of each parameter, in the network's order

	n *Network
}

// NewAdamW has fastai's constants: decay 0.01, beta2 0.99, epsilon 1e-5.
func NewAdamW(n *Network) *AdamW {
	a := &AdamW{Decay: .01, Beta2: .99, Epsilon: 1e-5, n: n}
	for _, p := range n.Parameters {
		a.First = append(a.First, make([]float32, len(p.Value)))
		a.Second = append(a.Second, make([]float32, len(p.Value)))
	}
	return a
}

// Rates are a step's learning rates, of the body and of the head, and its
// momentum (Adam's beta1).
type Rates struct{ Body, Head, Momentum float64 }

// Update moves every parameter that learns along its gradient.
func (a *AdamW) Update(r Rates) {
	a.Step++
	bias1, bias2 := 1-math.Pow(r.Momentum, float64(a.Step)), 1-math.Pow(a.Beta2, float64(a.Step))
	a.n.threads.Split(len(a.n.Parameters), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			p := a.n.Parameters[k]
			if !p.Learns() {
				continue
			}
			rate := r.Body
			if p.Head {
				rate = r.Head
			}
			keep := float32(1)
			if p.Decays() {
				keep = float32(1 - rate*a.Decay)
			}
			step, root := float32(rate/bias1), float32(1/math.Sqrt(bias2))
			m1, m2, eps := float32(r.Momentum), float32(a.Beta2), float32(a.Epsilon)
			first, second := a.First[k][:len(p.Value)], a.Second[k][:len(p.Value)]
			for i, g := range p.Grad[:len(p.Value)] {
				first[i] = m1*first[i] + (1-m1)*g
				second[i] = m2*second[i] + (1-m2)*g*g
				p.Value[i] = keep*p.Value[i] - step*first[i]/(float32(math.Sqrt(float64(second[i])))*root+eps)
			}
		}
	})
}

// Clip scales all gradients so that their common norm is at most limit, and
// returns the norm that they had. NaN stays NaN: the caller must look.
func (n *Network) Clip(limit float64) float64 {
	sum := 0.0
	for _, p := range n.Parameters {
		if !p.Learns() {
			continue
		}
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	norm := math.Sqrt(sum)
	if norm > limit && limit > 0 {
		scale := float32(limit / norm)
		for _, p := range n.Parameters {
			for i := range p.Grad {
				p.Grad[i] *= scale
			}
		}
	}
	return norm
}

// Broken names the first parameter, in the order of the forward pass, whose
// gradient or value is not finite; "" if all are well.
func (n *Network) Broken() string {
	for _, p := range n.Parameters {
		for i, g := range p.Grad {
			if v := g - g + p.Value[i] - p.Value[i]; v != 0 {
				return p.Name
			}
		}
	}
	return ""
}

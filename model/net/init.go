package net

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

// InitRandom returns a body and one head before any training. Convolutions are
// normal with deviation sqrt(2/fan-out) as timm initialises EfficientNets, the
// head's linear layers kaiming-normal (deviation sqrt(2/fan-in)) as fastai
// does. Each tensor has its own generator, seeded by seed and its name, so the
// body does not depend on the head.
func InitRandom(head Head, classes int, seed uint64) Params {
	return fill(Names(head, classes), func(t Tensor, data []float32) {
		fan := tensor.Len(t.Shape[1:])
		if !t.Head {
			fan = t.Shape[0] * tensor.Len(t.Shape[2:])
			if t.Shape[1] == 1 && len(t.Shape) == 4 { // depthwise: each output has its own group
				fan /= t.Shape[0]
			}
		}
		deviation := math.Sqrt(2 / float64(fan))
		r := rand.New(rand.NewPCG(seed, uint64(nameHash(t.Name))))
		for i := range data {
			data[i] = float32(r.NormFloat64() * deviation)
		}
	})
}

// InitHash returns a body and one head for goldens, from bundle.Hash alone, so
// that a script in another language makes the same. With u(i) =
// bundle.Uniform(seed + FNV-1a(name), i) in float64, rounded to float32:
//
//	weight  u * sqrt(6/fan-in)   (variance 2/fan-in)
//	bias    u * 0.1
//	scale   1 + 0.2*u
//	shift   u * 0.2
//	mean 0, variance 1
func InitHash(head Head, classes int, seed uint32) Params {
	all := fill(Names(head, classes), func(t Tensor, data []float32) {
		limit := math.Sqrt(6 / float64(tensor.Len(t.Shape[1:])))
		for i := range data {
			data[i] = float32(bundle.Uniform(seed+nameHash(t.Name), uint32(i)) * limit)
		}
	})
	for _, t := range Names(head, classes) {
		data := all[t.Name].Data
		for i := range data {
			u := bundle.Uniform(seed+nameHash(t.Name), uint32(i))
			switch t.Role {
			case Bias:
				data[i] = float32(u * 0.1)
			case Scale:
				data[i] = float32(1 + 0.2*u)
			case Shift:
				data[i] = float32(u * 0.2)
			}
		}
	}
	return all
}

// fill allocates the tensors: weights by set, scales and variances one, all
// others zero.
func fill(names []Tensor, set func(t Tensor, data []float32)) Params {
	all := Params{}
	for _, t := range names {
		data := make([]float32, tensor.Len(t.Shape))
		switch t.Role {
		case Weight:
			set(t, data)
		case Scale, Variance:
			for i := range data {
				data[i] = 1
			}
		}
		all[t.Name] = tensor.Float32{Name: t.Name, Shape: t.Shape, Data: data}
	}
	return all
}

func nameHash(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()
}

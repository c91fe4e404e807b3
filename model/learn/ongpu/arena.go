package ongpu

import (
	"blastlens/model/learn"
	"blastlens/model/net"
)

// aligned is of how many float32 the beginning of a part of a buffer is a
// multiple, on every WebGPU device.
const aligned = 64

// arena is where arrays lie in one buffer, each from an aligned value on.
type arena struct {
	begins, lengths []int
	total           int
}

func newArena(arrays [][]float32) (a arena) {
	for _, v := range arrays {
		a.begins, a.lengths = append(a.begins, a.total), append(a.lengths, len(v))
		a.total += (len(v) + aligned - 1) / aligned * aligned
	}
	return a
}

// join lays arrays out, with zeros between them.
func (a arena) join(arrays [][]float32) []float32 {
	all := make([]float32, a.total)
	for i, v := range arrays {
		copy(all[a.begins[i]:], v)
	}
	return all
}

// part is join's inverse.
func (a arena) part(arrays [][]float32, all []float32) {
	for i, v := range arrays {
		copy(v, all[a.begins[i]:])
	}
}

// Groups of parameters, by their settings.
const (
	none         = iota // between the parameters
	bodyMatrix          // decays; not while the body is frozen
	bodyBias            // not while the body is frozen
	bodyNorm            // always
	headMatrix          // decays
	headVector          // biases and batch-norms
	groups              // how many there are
	momentRow    = groups
	limitRow     = groups + 1
	settingsRows = groups + 2
)

func groupOf(p *learn.Parameter) int {
	switch matrix := p.Role == net.Weight; {
	case p.Head && matrix:
		return headMatrix
	case p.Head:
		return headVector
	case matrix:
		return bodyMatrix
	case p.Trainable():
		return bodyNorm
	}
	return bodyBias
}

// groupTable is the group of each block of fours.
func (a arena) groupTable(parameters []*learn.Parameter) []float32 {
	table := make([]float32, a.total/aligned)
	for i, p := range parameters {
		for at := a.begins[i] / aligned; at*aligned < a.begins[i]+a.lengths[i]; at++ {
			table[at] = float32(groupOf(p))
		}
	}
	return table
}

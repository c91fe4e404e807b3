package net

import (
	"fmt"
	"math"

	"blastlens/wasm/tensor"
)

// Row is one line of a summary.
type Row struct {
	Name   string `json:"name"`
	Output [3]int `json:"output"` // channels, rows, columns
	Params int    `json:"parameters"`
	MACs   int    `json:"macs"` // multiply-adds of convolutions and linear layers, one picture
}

// Summary is what `blastlens summary` shows.
type Summary struct {
	Network    string  `json:"network"`
	Head       Head    `json:"head"`
	Classes    int     `json:"classes"`
	Size       int     `json:"size"` // pixels a side, for Stages
	Parameters int     `json:"parameters"`
	Trainable  int     `json:"trainable_frozen"` // learned while the body is frozen: head and batch-norms
	Frozen     int     `json:"frozen"`
	GMAC224    float64 `json:"gmac_224"` // body and head, 3 decimals
	GMAC300    float64 `json:"gmac_300"`
	Stages     []Row   `json:"stages"`
}

// Summarise counts the network with one head, and shows its stages for input
// pictures of size x size.
func Summarise(head Head, classes, size int) Summary {
	s := Summary{
		Network: Architecture, Head: head, Classes: classes, Size: size,
		GMAC224: gmac(rows(head, classes, 224)), GMAC300: gmac(rows(head, classes, 300)),
		Stages: rows(head, classes, size),
	}
	for _, t := range Names(head, classes) {
		n := tensor.Len(t.Shape)
		if t.Parameter() {
			s.Parameters += n
		}
		if t.Trainable() {
			s.Trainable += n
		}
	}
	s.Frozen = s.Parameters - s.Trainable
	return s
}

func rows(head Head, classes, size int) []Row {
	side := size
	convRow := func(r *Row, c Conv) {
		side = (side-1)/c.Stride + 1
		weights := c.Out * c.In / c.Groups * c.Kernel * c.Kernel
		r.Output = [3]int{c.Out, side, side}
		r.Params += weights + 2*c.Out
		r.MACs += weights * side * side
	}
	var all []Row
	first := Row{Name: "stem"}
	convRow(&first, Stem)
	all = append(all, first)
	for _, b := range Blocks() {
		if b.Index == 0 {
			all = append(all, Row{Name: fmt.Sprintf("stage%d", b.Stage)})
		}
		r := &all[len(all)-1]
		if b.Expands() {
			convRow(r, b.Expansion())
		}
		convRow(r, b.Depthwise())
		r.Params += 2*b.Mid*b.Squeezed + b.Mid + b.Squeezed
		r.MACs += 2 * b.Mid * b.Squeezed
		convRow(r, b.Projection())
	}
	last := Row{Name: "conv_head"}
	convRow(&last, HeadConv)
	all = append(all, last)

	top := Row{Name: string(head), Output: [3]int{classes, 1, 1}}
	for _, t := range headTensors(head, classes) {
		n := tensor.Len(t.Shape)
		if t.Parameter() {
			top.Params += n
		}
		if t.Role == Weight {
			top.MACs += n
		}
	}
	return append(all, top)
}

// gmac is in units of 1e9, rounded to 3 decimals.
func gmac(rows []Row) float64 {
	total := 0
	for _, r := range rows {
		total += r.MACs
	}
	return math.Round(float64(total)/1e6) / 1e3
}

// Package graph is a network as ONNX sees it: nodes in execution order, NCHW
// activations, named initialisers. model/net writes it, model/onnx stores and
// reads it, model/lower turns it into a plan.
package graph

import "blastlens/wasm/tensor"

// Node is one operator of ONNX (opset 17), e.g. Conv, BatchNormalization,
// Sigmoid, Mul, Add, Relu, GlobalAveragePool, GlobalMaxPool, Concat, Flatten, Gemm.
type Node struct {
	Op      string
	Name    string
	Inputs  []string // "" for an absent optional input
	Outputs []string
	Ints    map[string][]int64 // attributes: strides, pads, kernel_shape, dilations; scalars as one element (group, axis, transB)
	Floats  map[string]float32 // attributes: epsilon, momentum
}

// Port is a graph input or output; Shape is NCHW.
type Port struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// Graph is a whole network.
type Graph struct {
	Name    string
	Nodes   []Node
	Inputs  []Port
	Outputs []Port
	Init    map[string]tensor.Float32
}

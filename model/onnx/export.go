package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"blastlens/model/graph"
)

// scalars are the attributes that ONNX has as one integer, not a list.
var scalars = []string{"group", "axis", "transA", "transB", "keepdims"}

// Export writes g as an ONNX model: IR version 8, opset 17, float32, shapes as
// they are in g (NCHW, one picture).
func Export(g *graph.Graph) ([]byte, error) {
	if len(g.Nodes) == 0 || len(g.Outputs) == 0 {
		return nil, errors.New("onnx: the graph has no nodes or no outputs")
	}
	body, err := appendGraph(nil, g)
	if err != nil {
		return nil, err
	}
	set := appendInt(nil, opsetVersion, opset)
	model := make([]byte, 0, len(body)+128)
	model = appendInt(model, modelIRVersion, irVersion)
	model = appendString(model, modelProducer, "blastlens")
	model = appendMessage(model, modelOpset, set)
	return appendMessage(model, modelGraph, body), nil
}

func appendGraph(b []byte, g *graph.Graph) ([]byte, error) {
	for _, n := range g.Nodes {
		b = appendMessage(b, graphNode, appendNode(nil, n))
	}
	b = appendString(b, graphName, g.Name)
	for _, name := range slices.Sorted(maps.Keys(g.Init)) {
		t := g.Init[name]
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("onnx: initialiser %s: %w", name, err)
		}
		var m []byte
		for _, d := range t.Shape {
			m = appendInt(m, tensorDims, int64(d))
		}
		m = appendInt(m, tensorType, float)
		m = appendString(m, tensorName, name)
		raw := make([]byte, 0, 4*len(t.Data))
		for _, v := range t.Data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		b = appendMessage(b, graphInit, appendMessage(m, tensorRaw, raw))
	}
	for _, p := range g.Inputs {
		b = appendMessage(b, graphInput, appendPort(nil, p))
	}
	for _, p := range g.Outputs {
		b = appendMessage(b, graphOutput, appendPort(nil, p))
	}
	return b, nil
}

func appendNode(b []byte, n graph.Node) []byte {
	for _, in := range n.Inputs {
		b = appendString(b, nodeInput, in)
	}
	for _, out := range n.Outputs {
		b = appendString(b, nodeOutput, out)
	}
	b = appendString(b, nodeName, n.Name)
	b = appendString(b, nodeOp, n.Op)
	for _, name := range slices.Sorted(maps.Keys(n.Ints)) {
		a := appendString(nil, attributeName, name)
		if values := n.Ints[name]; slices.Contains(scalars, name) && len(values) == 1 {
			a = appendInt(a, attributeI, values[0])
			a = appendInt(a, attributeType, attributeIsInt)
		} else {
			for _, v := range values {
				a = appendInt(a, attributeInts, v)
			}
			a = appendInt(a, attributeType, attributeIsInts)
		}
		b = appendMessage(b, nodeAttribute, a)
	}
	for _, name := range slices.Sorted(maps.Keys(n.Floats)) {
		a := appendString(nil, attributeName, name)
		a = protowire.AppendTag(a, attributeF, protowire.Fixed32Type)
		a = protowire.AppendFixed32(a, math.Float32bits(n.Floats[name]))
		b = appendMessage(b, nodeAttribute, appendInt(a, attributeType, attributeIsFloat))
	}
	return b
}

func appendPort(b []byte, p graph.Port) []byte {
	var shape []byte
	for _, d := range p.Shape {
		shape = appendMessage(shape, shapeDim, appendInt(nil, dimValue, int64(d)))
	}
	kind := appendInt(nil, typeElement, float)
	kind = appendMessage(kind, typeShape, shape)
	b = appendString(b, valueName, p.Name)
	return appendMessage(b, valueType, appendMessage(nil, typeTensor, kind))
}

func appendInt(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

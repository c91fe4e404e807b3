// Package onnx writes a graph as an ONNX file and reads one back. Writing goes
// through protowire, field by field; reading through onnx-go, as a backend that
// collects the graph instead of computing it.
package onnx

import "google.golang.org/protobuf/encoding/protowire"

// Numbers of the fields that this package writes or checks, from onnx.proto.
const (
	modelIRVersion, modelProducer, modelGraph, modelOpset protowire.Number = 1, 2, 7, 8

	opsetVersion protowire.Number = 2

	graphNode, graphName, graphInit, graphInput, graphOutput, graphValueInfo protowire.Number = 1, 2, 5, 11, 12, 13

	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute protowire.Number = 1, 2, 3, 4, 5

	attributeName, attributeF, attributeI, attributeTensor, attributeInts, attributeType protowire.Number = 1, 2, 3, 5, 8, 20

	tensorDims, tensorType, tensorName, tensorRaw protowire.Number = 1, 2, 8, 9

	valueName, valueType protowire.Number = 1, 2

	typeTensor, typeElement, typeShape, shapeDim, dimValue protowire.Number = 1, 1, 2, 1, 1
)

// Values of fields.
const (
	irVersion = 8
	opset     = 17
	float     = 1 // TensorProto.DataType

	attributeIsFloat, attributeIsInt, attributeIsInts = 1, 2, 7 // AttributeProto.AttributeType
)

package onnx

import (
	"errors"
	"fmt"

	onnxgo "github.com/owulveryck/onnx-go"

	"blastlens/model/graph"
	blastlens "blastlens/wasm/tensor"
)

// ErrMalformed is wrapped by errors about bytes that are no ONNX model.
var ErrMalformed = errors.New("onnx: malformed model")

// Import reads an ONNX model. Node names are those of their first outputs, since
// onnx-go keeps no others. All initialisers must be float32.
func Import(model []byte) (g *graph.Graph, err error) {
	if err := guard(model); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// onnx-go and its tensors panic on some of what the guard cannot see.
	defer func() {
		if p := recover(); p != nil {
			g, err = nil, fmt.Errorf("%w: %v", ErrMalformed, p)
		}
	}()
	c := newCollector()
	m := onnxgo.NewModel(c)
	if err := m.UnmarshalBinary(model); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	g = &graph.Graph{Name: "onnx", Nodes: c.nodes, Init: map[string]blastlens.Float32{}}
	port := func(id int64) graph.Port {
		v := c.values[id]
		p := graph.Port{Name: v.name}
		if v.data != nil {
			p.Shape = v.data.Shape().Clone()
		}
		return p
	}
	inputs := map[int64]bool{}
	for _, id := range m.Input {
		inputs[id] = true
		g.Inputs = append(g.Inputs, port(id))
	}
	for _, id := range m.Output {
		g.Outputs = append(g.Outputs, port(id))
	}
	for _, v := range c.values {
		if v.made || v.data == nil || inputs[v.id] {
			continue
		}
		data, ok := v.data.Data().([]float32)
		if !ok {
			scalar, one := v.data.Data().(float32)
			if !one {
				return nil, fmt.Errorf("onnx: initialiser %s is %v, want float32", v.name, v.data.Dtype())
			}
			data = []float32{scalar}
		}
		t := blastlens.Float32{Name: v.name, Shape: v.data.Shape().Clone(), Data: data}
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		g.Init[v.name] = t
	}
	return g, nil
}

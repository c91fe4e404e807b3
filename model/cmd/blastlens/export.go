package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/model/onnx"
	"blastlens/wasm/tensor"
)

type exportCmd struct {
	Params string `required:"" help:"Trained weights (safetensors)." placeholder:"FILE"`
	Demo   string `help:"Weights of a demonstration head on the same body (safetensors)." placeholder:"FILE"`
	Size   int    `default:"224" help:"Pixels a side of the input."`
	Out    string `required:"" help:"ONNX file to write." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Print what was written as JSON."`
}

// The outputs of an exported network: the classifier, and the one that was
// trained on drawings.
const (
	smearOutput = "smear"
	drawnOutput = "drawn"
)

func (c *exportCmd) Run(s streams) error {
	params, smear, err := trained(c.Params)
	if err != nil {
		return err
	}
	smear.Name = smearOutput
	outputs := []net.Output{smear}
	if c.Demo != "" {
		demo, drawn, err := trained(c.Demo)
		if err != nil {
			return err
		}
		// A head alone is trained on a body rounded as packed.
		if err := load.Round(params); err != nil {
			return fmt.Errorf("%s: rounding the body as a packed model is: %w", c.Params, err)
		}
		drawn.Name, drawn.Prefix = drawnOutput, drawnOutput+"."
		if err := share(params, demo, drawn); err != nil {
			return fmt.Errorf("%s and %s: %w", c.Params, c.Demo, err)
		}
		outputs = append(outputs, drawn)
	}
	g, err := net.Build(params, c.Size, outputs...)
	if err != nil {
		return err
	}
	file, err := onnx.Export(g)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, file); err != nil {
		return err
	}
	s.sayf("%s: %d bytes, opset 17, input [1 3 %d %d], %d outputs", c.Out, len(file), c.Size, c.Size, len(outputs))
	if c.JSON {
		return s.printJSON(map[string]any{"file": filepath.Base(c.Out), "bytes": len(file), "outputs": g.Outputs})
	}
	return nil
}

// trained reads a weights file and finds which head it holds.
func trained(path string) (net.Params, net.Output, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, net.Output{}, err
	}
	params, err := load.ParseSafetensors(raw)
	if err != nil {
		return nil, net.Output{}, fmt.Errorf("%s: %w", path, err)
	}
	for last, head := range map[string]net.Head{"head.8.weight": net.Fastai, "classifier.weight": net.Plain} {
		if t, ok := params[last]; ok && len(t.Shape) == 2 {
			return params, net.Output{Head: head, Classes: t.Shape[0]}, nil
		}
	}
	return nil, net.Output{}, fmt.Errorf("%s: no head: neither head.8.weight nor classifier.weight is there", path)
}

// share adds the head of demo to params under the output's prefix; the bodies
// must be the same, number by number.
func share(params, demo net.Params, o net.Output) error {
	for _, t := range net.Names(o.Head, o.Classes) {
		given, ok := demo[t.Name]
		if !ok {
			return fmt.Errorf("tensor %s is missing in the second", t.Name)
		}
		if t.Head {
			name := o.Prefix + t.Name
			params[name] = tensor.Float32{Name: name, Shape: given.Shape, Data: given.Data}
		} else if !slices.Equal(given.Data, params[t.Name].Data) {
			return fmt.Errorf("tensor %s differs: the two heads were not trained on the same body", t.Name)
		}
	}
	return nil
}

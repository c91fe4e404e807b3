package onnx_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"blastlens/model/graph"
	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/onnx"
	"blastlens/wasm/tensor"
)

// TestRoundTrip wants the plan of a graph that went through ONNX to be, bit by
// bit, the plan of the graph itself: so all numbers that it computes agree.
func TestRoundTrip(t *testing.T) {
	p := net.InitHash(net.Fastai, 4, 1)
	for name, v := range net.InitHash(net.Plain, 3, 1) {
		if strings.HasPrefix(name, "classifier.") {
			p["drawn."+name] = v
		}
	}
	g, err := net.Build(p, 96,
		net.Output{Name: "smear", Head: net.Fastai, Classes: 4},
		net.Output{Name: "drawn", Head: net.Plain, Classes: 3, Prefix: "drawn."},
		net.Output{Name: "stem", Mark: "stem"})
	if err != nil {
		t.Fatal(err)
	}
	model, err := onnx.Export(g)
	if err != nil {
		t.Fatal(err)
	}
	back, err := onnx.Import(model)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Inputs, g.Inputs) || !reflect.DeepEqual(back.Outputs, g.Outputs) || len(back.Nodes) != len(g.Nodes) {
		t.Fatalf("inputs %v, outputs %v, %d nodes, want %v, %v, %d", back.Inputs, back.Outputs, len(back.Nodes), g.Inputs, g.Outputs, len(g.Nodes))
	}
	want, err := lower.Lower(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lower.Lower(back, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the plan after export and import differs from the plan before")
	}
}

// small is a valid model of one convolution.
func small(t testing.TB) []byte {
	t.Helper()
	model, err := onnx.Export(&graph.Graph{
		Name: "small",
		Nodes: []graph.Node{{
			Op: "Conv", Name: "conv", Inputs: []string{"input", "conv.weight"}, Outputs: []string{"y"},
			Ints: map[string][]int64{"kernel_shape": {1, 1}, "group": {1}},
		}},
		Inputs:  []graph.Port{{Name: "input", Shape: []int{1, 3, 4, 4}}},
		Outputs: []graph.Port{{Name: "y", Shape: []int{1, 2, 4, 4}}},
		Init:    map[string]tensor.Float32{"conv.weight": {Name: "conv.weight", Shape: []int{2, 3, 1, 1}, Data: []float32{1, 2, 3, 4, 5, 6}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func TestImportRefuses(t *testing.T) {
	good := small(t)
	if _, err := onnx.Import(good); err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string][]byte{
		"empty":     {},
		"text":      []byte("this is no model, only words"),
		"truncated": good[:len(good)-9],
		// The graph's input would be 2^49 values.
		"huge input": []byte(strings.Replace(string(good), "\x08\x03", "\x08\xff\xff\xff\xff\xff\xff\x7f", 1)),
		// One side of the weight no longer fits its 24 bytes.
		"wrong shape": []byte(strings.Replace(string(good), "\x08\x02\x08\x03\x08\x01\x08\x01", "\x08\x02\x08\x04\x08\x01\x08\x01", 1)),
	} {
		if _, err := onnx.Import(model); !errors.Is(err, onnx.ErrMalformed) {
			t.Errorf("%s: error is %v, want ErrMalformed", name, err)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	if _, err := onnx.Export(&graph.Graph{}); err == nil {
		t.Error("an empty graph was exported")
	}
	_, err := onnx.Export(&graph.Graph{
		Nodes:   []graph.Node{{Op: "Identity", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		Outputs: []graph.Port{{Name: "y"}},
		Init:    map[string]tensor.Float32{"w": {Name: "w", Shape: []int{3}, Data: []float32{1}}},
	})
	if err == nil || !strings.Contains(err.Error(), "initialiser w") {
		t.Errorf("error is %v, want one that names initialiser w", err)
	}
}

func FuzzImport(f *testing.F) {
	good := small(f)
	f.Add(good)
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, model []byte) {
		g, err := onnx.Import(model)
		if err == nil {
			// What was read may be no network, but lowering it must not panic either.
			_, _ = lower.Lower(g, 32)
		}
	})
}

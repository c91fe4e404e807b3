package load

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// safetensors writes a file; header entries are in the order of the data.
func safetensors(t testing.TB, p net.Params) []byte {
	t.Helper()
	header, data := map[string]any{"__metadata__": map[string]string{"format": "pt"}}, []byte{}
	for name, v := range p {
		start := len(data)
		for _, x := range v.Data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		header[name] = map[string]any{"dtype": "F32", "shape": v.Shape, "data_offsets": []int{start, len(data)}}
	}
	return container(t, header, data)
}

func container(t testing.TB, header any, data []byte) []byte {
	t.Helper()
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), data...)
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSafetensorsNames(t *testing.T) {
	source := net.InitHash(net.Plain, 4, 3)
	source["bn1.num_batches_tracked"] = tensor.Float32{Shape: []int{1}, Data: []float32{9}}
	source["stray"] = tensor.Float32{Shape: []int{2}, Data: []float32{1, 2}}
	whole := write(t, safetensors(t, source))

	p := net.InitRandom(net.Plain, 4, 1)
	r, err := Into(p, net.Names(net.Plain, 4), whole)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Head || len(r.Missing) != 0 || !slices.Equal(r.Extra, []string{"stray"}) || r.Loaded != 496 {
		t.Errorf("plain head: report is %+v, want 496 loaded, the head among them, and stray left over", r)
	}
	for _, name := range []string{"conv_stem.weight", "blocks.3.2.bn3.running_var", "classifier.bias"} {
		if !slices.Equal(p[name].Data, source[name].Data) {
			t.Errorf("%s was not loaded", name)
		}
	}

	p = net.InitRandom(net.Fastai, 4, 1)
	before := slices.Clone(p["head.4.weight"].Data)
	r, err = Into(p, net.Names(net.Fastai, 4), whole)
	if err != nil {
		t.Fatal(err)
	}
	if r.Head || len(r.Missing) != 10 || !slices.Equal(r.Extra, []string{"classifier.bias", "classifier.weight", "stray"}) {
		t.Errorf("fastai head: report is %+v, want its 10 tensors missing and the classifier left over", r)
	}
	if !slices.Equal(p["head.4.weight"].Data, before) {
		t.Error("a tensor that the file lacks was changed")
	}

	if r, err = Into(net.InitRandom(net.Plain, 7, 1), net.Names(net.Plain, 7), whole); err != nil || r.Head || len(r.Missing) != 2 || !strings.Contains(r.Missing[0], "[4 1536]") {
		t.Errorf("seven classes: %v, %+v, want the classifier missing with its shape", err, r)
	}

	delete(source, "blocks.2.1.conv_dw.weight")
	source["conv_head.weight"] = tensor.Float32{Shape: []int{2, 3}, Data: make([]float32, 6)}
	_, err = Into(net.InitRandom(net.Plain, 4, 1), net.Names(net.Plain, 4), write(t, safetensors(t, source)))
	for _, want := range []string{"blocks.2.1.conv_dw.weight", "conv_head.weight (has shape [2 3]", "stray", "weights"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to name %s", err, want)
		}
	}
}

func TestSafetensorsTypes(t *testing.T) {
	data := []byte{0, 0, 0xc0, 0x3f /* 1.5 */, 0, 0x3e /* 1.5 */, 0xc0, 0x3f /* 1.5 */, 7, 0, 0, 0, 0, 0, 0, 0}
	p, err := ParseSafetensors(container(t, map[string]any{
		"a": map[string]any{"dtype": "F32", "shape": []int{1}, "data_offsets": []int{0, 4}},
		"b": map[string]any{"dtype": "F16", "shape": []int{1}, "data_offsets": []int{4, 6}},
		"c": map[string]any{"dtype": "BF16", "shape": []int{}, "data_offsets": []int{6, 8}},
		"d": map[string]any{"dtype": "I64", "shape": []int{}, "data_offsets": []int{8, 16}},
	}, data))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if got := p[name].Data; len(got) != 1 || got[0] != 1.5 {
			t.Errorf("%s is %v, want 1.5", name, got)
		}
	}
}

func TestSafetensorsRefuses(t *testing.T) {
	one := func(dtype string, shape []int, from, to int) []byte {
		return container(t, map[string]any{"x": map[string]any{"dtype": dtype, "shape": shape, "data_offsets": []int{from, to}}}, make([]byte, 8))
	}
	if _, err := ParseSafetensors(one("F32", []int{2}, 0, 8)); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"empty":          {},
		"long header":    append(binary.LittleEndian.AppendUint64(nil, 1<<40), "{}"...),
		"no JSON":        append(binary.LittleEndian.AppendUint64(nil, 2), "no"...),
		"no tensors":     container(t, map[string]any{}, nil),
		"past the end":   one("F32", []int{3}, 0, 12),
		"gap":            one("F32", []int{1}, 4, 8),
		"backwards":      one("F32", []int{1}, 8, 4),
		"short shape":    one("F32", []int{1}, 0, 8),
		"huge shape":     one("F32", []int{1 << 31, 1 << 31, 1 << 31}, 0, 8),
		"negative shape": one("F32", []int{-2}, 0, 8),
		"unknown type":   one("F8", []int{8}, 0, 8),
		"bytes left":     one("F32", []int{1}, 0, 4),
	} {
		if _, err := ParseSafetensors(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseSafetensors(f *testing.F) {
	f.Add(safetensors(f, net.Params{"x": {Shape: []int{2}, Data: []float32{1, 2}}}))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := ParseSafetensors(file)
		if err != nil {
			return
		}
		for name, v := range p {
			if v.Data != nil && v.Check() != nil {
				t.Errorf("%s: %v", name, v.Check())
			}
		}
	})
}

// npy writes an array of version 1.
func npy(kind, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, shape)
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(file, header...), data...)
}

func TestNPY(t *testing.T) {
	v, err := ParseNPY(npy("<f2", "2, 1", []byte{0, 0x3e, 0, 0xc0}))
	if err != nil || !slices.Equal(v.Shape, []int{2, 1}) || !slices.Equal(v.Data, []float32{1.5, -2}) {
		t.Errorf("%v, %v, want [1.5 -2] of shape [2 1]", v, err)
	}
	v, err = ParseNPY(npy("<f4", "1,", []byte{0, 0, 0xc0, 0x3f}))
	if err != nil || !slices.Equal(v.Data, []float32{1.5}) {
		t.Errorf("%v, %v, want [1.5]", v, err)
	}
	good := npy("<f4", "1,", make([]byte, 4))
	for name, file := range map[string][]byte{
		"empty": {}, "text": []byte("a text of enough bytes"), "truncated": good[:len(good)-1], "header cut": good[:14],
		"type": npy(">f4", "1,", make([]byte, 4)), "long shape": npy("<f4", "99999999999,", make([]byte, 4)),
		"product": npy("<f4", "4, 4, 4, 4", make([]byte, 4)), "columns first": bytes.Replace(good, []byte("False"), []byte("True "), 1),
	} {
		if _, err := ParseNPY(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseNPY(f *testing.F) {
	f.Add(npy("<f4", "1,", make([]byte, 4)))
	f.Fuzz(func(t *testing.T, file []byte) {
		if v, err := ParseNPY(file); err == nil && v.Check() != nil {
			t.Error(v.Check())
		}
	})
}

// TestPacked takes a packed model apart and wants the network that is built from
// the parts to answer as the packed one does.
func TestPacked(t *testing.T) {
	source := net.InitHash(net.Fastai, 4, 5)
	// A block that changes nothing is left out of the plan.
	clear(source["blocks.6.1.bn3.weight"].Data)
	clear(source["blocks.6.1.bn3.bias"].Data)
	for name, v := range net.InitHash(net.Plain, 3, 5) {
		if strings.HasPrefix(name, "classifier.") {
			source[name] = v
		}
	}
	const size = 64
	outputs := []net.Output{{Name: "smear", Head: net.Fastai, Classes: 4}, {Name: "drawn", Head: net.Plain, Classes: 3}}
	packed := lowered(t, source, size, outputs)
	var file bytes.Buffer
	err := bundle.Write(&file, &bundle.Bundle{
		Network: net.Architecture, Plan: packed,
		Preprocess: bundle.Preprocess{Size: size, Std: [3]float32{1, 1, 1}},
		Heads:      []bundle.Head{{Name: "smear", Classes: make([]bundle.Class, 4)}, {Name: "drawn", Classes: make([]bundle.Class, 3)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, file.Bytes())

	p := net.InitRandom(net.Fastai, 4, 1)
	r, err := Into(p, net.Names(net.Fastai, 4), path)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Head || len(r.Missing) != 0 || !slices.Equal(r.Extra, []string{"classifier.bias", "classifier.weight"}) {
		t.Errorf("report is %+v, want all of body and fastai's head, and the plain one left over", r)
	}
	if _, err := Into(p, net.Names(net.Plain, 3), path); err != nil {
		t.Fatal(err)
	}
	x := bundle.GoldenInput(1, size)
	want, got := logits(t, b.Plan, x), logits(t, lowered(t, p, size, outputs), x)
	for i := range want {
		for j := range want[i] {
			if d := math.Abs(float64(got[i][j] - want[i][j])); !(d <= 1e-4*(1+math.Abs(float64(want[i][j])))) {
				t.Errorf("%s: logit %d is %g, want %g", outputs[i].Name, j, got[i][j], want[i][j])
			}
		}
	}
}

func lowered(t *testing.T, p net.Params, size int, outputs []net.Output) *plan.Plan {
	t.Helper()
	g, err := net.Build(p, size, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	made, err := lower.Lower(g, size)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func logits(t *testing.T, p *plan.Plan, x []float32) [][]float32 {
	t.Helper()
	s, err := cpu.New(1).Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	y, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// TestRound wants a rounded body to come out of a packed model as it went in, the
// head untouched, and a second rounding to change nothing.
func TestRound(t *testing.T) {
	p := net.InitHash(net.Plain, 3, 4)
	head := slices.Clone(p["classifier.weight"].Data)
	if err := Round(p); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p["classifier.weight"].Data, head) {
		t.Error("the head was changed")
	}
	once := lowered(t, p, 64, []net.Output{{Name: "drawn", Head: net.Plain, Classes: 3}})
	var file bytes.Buffer
	err := bundle.Write(&file, &bundle.Bundle{
		Network: net.Architecture, Plan: once,
		Preprocess: bundle.Preprocess{Size: 64, Std: [3]float32{1, 1, 1}},
		Heads:      []bundle.Head{{Name: "drawn", Classes: make([]bundle.Class, 3)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	before := net.Params{}
	for name, v := range p {
		before[name] = tensor.Float32{Data: slices.Clone(v.Data)}
	}
	if err := Round(p); err != nil {
		t.Fatal(err)
	}
	for i, w := range once.Weights {
		if strings.HasPrefix(w.Name, "classifier") {
			continue
		}
		for j, v := range w.Data {
			// Folding the stand-in batch-norm may cost the last bit.
			if d := math.Abs(float64(b.Plan.Weights[i].Data[j] - v)); !(d <= 2e-7*math.Abs(float64(v))) {
				t.Fatalf("%s: value %d is %g in the packed model, want %g", w.Name, j, b.Plan.Weights[i].Data[j], v)
			}
		}
	}
	for name, v := range before {
		if !slices.Equal(p[name].Data, v.Data) {
			t.Errorf("%s changed when rounded again", name)
		}
	}
}

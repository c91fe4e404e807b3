// Command network writes what the bench of the tab measures: one network in
// the form that each runtime reads. It is the shipped body with the shipped
// head of timm's layout, its weights as the packed model holds them, at each
// input size: an ONNX file, a packed model of ours, its plan as JSON with the
// weights beside it (TFLite and tfjs are made from these), and pictures.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"blastlens/build/drawn"
	"blastlens/model/graph"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/model/onnx"
	"blastlens/wasm/bundle"
	"blastlens/wasm/fields"
	"blastlens/wasm/plan"
)

const (
	seed       = 700_000 // of the first drawn picture
	folder     = 16      // pictures of the folder that is timed as a whole
	folderSide = 448     // their pixels a side
)

func main() {
	model := flag.String("model", "web/model/blastlens-b3.blm", "packed `file` to take the weights from")
	tool := flag.String("blastlens", "bin/blastlens", "the native `binary`, which packs")
	classes := flag.String("classes", "web/model/classes.json", "`file` of the classes' titles")
	sizes := flag.String("sizes", "224,300", "input sizes, `pixels` a side, by comma")
	out := flag.String("out", "build/work/bench", "`folder` to write into")
	flag.Parse()
	if err := run(*model, *tool, *classes, *sizes, *out); err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

func run(model, tool, classes, sizes, out string) error {
	data, err := os.ReadFile(model)
	if err != nil {
		return err
	}
	b, err := bundle.Read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	head, output, err := plain(b)
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("--sizes %s: %w", sizes, err)
		}
		w := writer{stem: filepath.Join(out, fmt.Sprintf("b3-%d", size)), size: size, output: output}
		if err := w.all(b, head.Record, tool, classes); err != nil {
			return err
		}
	}
	return drawFolder(filepath.Join(out, "folder"))
}

// plain finds the head that has timm's layout: one linear layer.
func plain(b *bundle.Bundle) (bundle.Head, net.Output, error) {
	outputs, err := load.Heads(b.Plan)
	if err != nil {
		return bundle.Head{}, net.Output{}, err
	}
	for _, o := range outputs {
		if o.Head != net.Plain {
			continue
		}
		for _, h := range b.Heads {
			if h.Name == o.Name {
				return h, o, nil
			}
		}
	}
	return bundle.Head{}, net.Output{}, errors.New("no head of timm's layout")
}

// build makes the whole network of a packed model's body and one of its heads.
func build(b *bundle.Bundle, size int, output net.Output) (*graph.Graph, error) {
	params := net.InitRandom(net.Plain, output.Classes, 1)
	want := net.Names(net.Plain, output.Classes)
	for i := range want {
		if want[i].Head {
			want[i].Name = output.Prefix + want[i].Name
		}
	}
	if _, err := load.Packed(params, want, b); err != nil {
		return nil, err
	}
	wake(params)
	return net.Build(params, size, output)
}

// wake lets a block compute, on random weights, that the packed model leaves
// out because it changes nothing. A body trained as a whole will not have such
// a block, and a runtime shall not win by having seen that this one has.
func wake(p net.Params) {
	for _, block := range net.Blocks() {
		scale := p[block.Name+".bn3.weight"].Data
		if !slices.ContainsFunc(scale, func(v float32) bool { return v != 0 }) {
			for i := range scale {
				scale[i] = 1
			}
		}
	}
}

// foldNorms takes the batch-norms out again that loading a packed model put in:
// they only add a bias, which a convolution can add itself. A runtime that
// would not fold them shall not be slower for it.
func foldNorms(g *graph.Graph) {
	made := map[string]*graph.Node{} // by the value it makes
	kept := make([]graph.Node, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		conv := made[n.Inputs[0]]
		if n.Op == "BatchNormalization" && conv != nil && conv.Op == "Conv" {
			bias := n.Inputs[2]
			for _, name := range []string{n.Inputs[1], n.Inputs[3], n.Inputs[4]} {
				delete(g.Init, name)
			}
			conv.Inputs = append(conv.Inputs, bias)
			conv.Outputs = n.Outputs
			made[n.Outputs[0]] = conv
			continue
		}
		kept = append(kept, n) // within its capacity: pointers into it stay good
		made[n.Outputs[0]] = &kept[len(kept)-1]
	}
	g.Nodes = kept
}

// writer writes the files of one size, stem and something behind it.
type writer struct {
	stem   string
	size   int
	output net.Output
}

func (w writer) all(b *bundle.Bundle, record json.RawMessage, tool, classes string) error {
	if err := w.onnx(b); err != nil {
		return err
	}
	packed, err := w.pack(record, tool, classes)
	if err != nil {
		return err
	}
	// Packing rounds once more: the peers get what came out.
	if err := w.onnx(packed); err != nil {
		return err
	}
	if err := w.plan(packed.Plan); err != nil {
		return err
	}
	picture, err := drawn.Draw(drawn.Classes()[0], seed, w.size)
	if err != nil {
		return err
	}
	var lossless bytes.Buffer
	if err := png.Encode(&lossless, picture); err != nil {
		return err
	}
	return os.WriteFile(w.stem+".png", lossless.Bytes(), 0o644)
}

// onnx writes a packed model's body and the one head as an ONNX file.
func (w writer) onnx(b *bundle.Bundle) error {
	g, err := build(b, w.size, w.output)
	if err != nil {
		return err
	}
	foldNorms(g)
	file, err := onnx.Export(g)
	if err != nil {
		return err
	}
	return os.WriteFile(w.stem+".onnx", file, 0o644)
}

// pack lets the product's own command pack the ONNX file. A plan has one size,
// which the training record names; the record itself is the shipped head's.
func (w writer) pack(record json.RawMessage, tool, classes string) (*bundle.Bundle, error) {
	var fields map[string]any
	if err := json.Unmarshal(record, &fields); err != nil {
		return nil, fmt.Errorf("the head's training record: %w", err)
	}
	fields["size"] = w.size
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	// Not .json: pack writes its manifest there.
	if err := os.WriteFile(w.stem+".record", text, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command(tool, "pack", "--onnx", w.stem+".onnx", "--record", w.stem+".record", "--classes", classes,
		"--model-version", fmt.Sprintf("bench-%d", w.size), "--out", w.stem+".blm")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	data, err := os.ReadFile(w.stem + ".blm")
	if err != nil {
		return nil, err
	}
	return bundle.Read(data)
}

// planFile is a plan with a list of its weights.
type planFile struct {
	*plan.Plan
	weights []weight
}

type weight struct {
	shape []int
	at    int // in float32
}

func (f *planFile) Fields(c *fields.Coder) {
	f.Plan.Fields(c)
	fields.Objects(c, "weights", &f.weights)
}

func (w *weight) Fields(c *fields.Coder) {
	fields.Ints(c, "shape", &w.shape)
	fields.Int(c, "at", &w.at)
}

// plan writes the plan, and its weights one after the other.
func (w writer) plan(p *plan.Plan) error {
	file := planFile{Plan: p}
	var data []byte
	for _, t := range p.Weights {
		file.weights = append(file.weights, weight{t.Shape, len(data) / 4})
		data = appendFloats(data, t.Data)
	}
	text, err := fields.Marshal(&file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.stem+".plan.json", text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(w.stem+".weights.f32", data, 0o644)
}

// drawFolder draws the pictures that are read one after the other.
func drawFolder(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	classes := drawn.Classes()
	for i := range folder {
		picture, err := drawn.Draw(classes[i%len(classes)], seed+uint64(i), folderSide)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.jpg", i)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func appendFloats(b []byte, x []float32) []byte {
	b = slices.Grow(b, 4*len(x))
	b, _ = binary.Append(b, binary.LittleEndian, x) // a slice of numbers always encodes
	return b
}

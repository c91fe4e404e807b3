package load

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"blastlens/model/net"
	"blastlens/wasm/tensor"
)

// An EfficientNet-B4 is a B3 with more channels and blocks, kernels and strides
// alike stage by stage. A B3 that was not trained is filled with the part of
// the B4 that carries most: the first blocks of each stage, the channels with
// the largest batch-norm scales. The stored statistics are kept.

var (
	b4Repeats  = [...]int{2, 4, 4, 6, 6, 8, 2}
	b4Channels = [...]int{24, 32, 56, 112, 160, 272, 448}
)

const (
	b4Stem, b4Head = 48, 1792
	// B4 was trained with TensorFlow's epsilon; adding the difference to the
	// stored variances leaves its function as it was.
	b4Eps = 1e-3
)

// donor is the B4: its tensors by name, and the first thing that went wrong.
type donor struct {
	tensors net.Params
	err     error
}

// sliceB4 makes a B3 body from the folder's <index>_<name>.npy files.
func sliceB4(folder string, initial net.Params) (net.Params, error) {
	d, err := readDonor(folder)
	if err != nil {
		return nil, err
	}
	out := d.slice(initial)
	return out, d.err
}

// slice makes the body. The last block of the last stage is incomplete in the
// B4: it keeps the values it has in initial, with a zero scale and shift in its
// last batch-norm, which makes it the identity.
func (d *donor) slice(initial net.Params) net.Params {
	out := net.Params{}
	put := func(name string, shape []int, data []float32) {
		out[name] = tensor.Float32{Name: name, Shape: shape, Data: data}
	}
	norm := func(to, from string, channels int, keep []int) {
		shape := []int{len(keep)}
		put(to+".weight", shape, rows(d.get(from+"_weight", channels), keep))
		put(to+".bias", shape, rows(d.get(from+"_bias", channels), keep))
		put(to+".running_mean", shape, rows(d.get(from+"_running_mean", channels), keep))
		variance := rows(d.get(from+"_running_var", channels), keep)
		for i := range variance {
			variance[i] += b4Eps - net.Eps
		}
		put(to+".running_var", shape, variance)
	}

	const stemOut, headOut = 40, net.Features / 2
	stream := largest(magnitudes(d.get("stem_bn1_weight", b4Stem)), stemOut)
	put("conv_stem.weight", []int{stemOut, 3, 3, 3}, rows(d.get("stem_conv1_weight", b4Stem, 3, 3, 3), stream))
	norm("bn1", "stem_bn1", b4Stem, stream)
	in := b4Stem // channels of the stream in the B4

	first := 0 // the B4's block at which the stage begins
	var next []int
	for _, b := range net.Blocks() {
		if b.Index == 0 {
			if b.Stage > 0 {
				first += b4Repeats[b.Stage-1]
			}
			next = largest(d.streamScores(b.Stage, first), b.Out)
		}
		if skipped(b) {
			identity(b, initial, put)
			continue
		}
		from := fmt.Sprintf("blocks_block%d_", first+b.Index)
		mid, wide, squeezed := stream, in, in/4
		outer := b4Channels[b.Stage]
		depthwise, project := b.Name+".bn1", b.Name+".bn2"
		projection := b.Name + ".conv_pw"
		if b.Expands() {
			depthwise, project = b.Name+".bn2", b.Name+".bn3"
			projection = b.Name + ".conv_pwl"
			wide = 6 * in
			mid = largest(d.expandedScores(from, outer, wide), b.Mid)
			w := d.get(from+"expand_conv_weight", wide, in, 1, 1)
			put(b.Name+".conv_pw.weight", []int{b.Mid, b.In, 1, 1}, columns(rows(w, mid), in, stream))
			norm(b.Name+".bn1", from+"bn0", wide, mid)
		}
		put(b.Name+".conv_dw.weight", []int{b.Mid, 1, b.Kernel, b.Kernel}, rows(d.get(from+"depthwise_weight", wide, 1, b.Kernel, b.Kernel), mid))
		norm(depthwise, from+"bn1", wide, mid)

		reduce := d.get(from+"se_reduce_weight", squeezed, wide, 1, 1)
		widen := d.get(from+"se_expand_weight", wide, squeezed, 1, 1)
		units := largest(squeezeScores(reduce, widen), b.Squeezed)
		put(b.Name+".se.conv_reduce.weight", []int{b.Squeezed, b.Mid, 1, 1}, columns(rows(reduce, units), wide, mid))
		put(b.Name+".se.conv_reduce.bias", []int{b.Squeezed}, rows(d.get(from+"se_reduce_bias", squeezed), units))
		put(b.Name+".se.conv_expand.weight", []int{b.Mid, b.Squeezed, 1, 1}, columns(rows(widen, mid), squeezed, units))
		put(b.Name+".se.conv_expand.bias", []int{b.Mid}, rows(d.get(from+"se_expand_bias", wide), mid))

		put(projection+".weight", []int{b.Out, b.Mid, 1, 1}, columns(rows(d.get(from+"project_conv_weight", outer, wide, 1, 1), next), wide, mid))
		norm(project, from+"bn2", outer, next)
		stream, in = next, outer
	}
	keep := largest(magnitudes(d.get("head_bn2_weight", b4Head)), headOut)
	put("conv_head.weight", []int{headOut, len(stream), 1, 1}, columns(rows(d.get("head_conv2_weight", b4Head, in, 1, 1), keep), in, stream))
	norm("bn2", "head_bn2", b4Head, keep)
	return out
}

// identity puts a block that changes nothing: the values it has in initial, with
// a zero scale and shift in its last batch-norm, whose output is added to the
// block's input. Trained further, it may become more.
func identity(b net.Block, initial net.Params, put func(name string, shape []int, data []float32)) {
	for _, t := range net.Names(net.Pooled, 0) {
		if strings.HasPrefix(t.Name, b.Name+".") {
			put(t.Name, t.Shape, initial[t.Name].Data)
		}
	}
	for _, name := range []string{b.Name + ".bn3.weight", b.Name + ".bn3.bias"} {
		put(name, []int{b.Out}, make([]float32, b.Out))
	}
}

// skipped is the block whose donor lacks its convolutions.
func skipped(b net.Block) bool { return b.Stage == len(net.Stages)-1 && b.Index == 1 }

func readDonor(folder string) (*donor, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.npy"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no .npy files in the folder")
	}
	d := &donor{tensors: net.Params{}}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		t, err := ParseNPY(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".npy"), "_")
		t.Name = name
		d.tensors[name] = t
	}
	return d, nil
}

// get is the B4's tensor of that name; if it is missing or has another shape,
// zeros, and d.err says so.
func (d *donor) get(name string, shape ...int) tensor.Float32 {
	t, ok := d.tensors[name]
	if ok && slices.Equal(t.Shape, shape) {
		return t
	}
	if d.err == nil {
		if ok {
			d.err = fmt.Errorf("tensor %s has shape %v, want %v", name, t.Shape, shape)
		} else {
			d.err = fmt.Errorf("tensor %s is missing", name)
		}
	}
	return tensor.Float32{Name: name, Shape: shape, Data: make([]float32, tensor.Len(shape))}
}

// streamScores of a stage's channels: the sum of |gamma| of the projections'
// batch-norms over the blocks that are kept. One choice serves the whole stage,
// since residuals tie its blocks together.
func (d *donor) streamScores(stage, first int) []float64 {
	total := make([]float64, b4Channels[stage])
	for _, b := range net.Blocks() {
		if b.Stage != stage || skipped(b) {
			continue
		}
		name := fmt.Sprintf("blocks_block%d_bn2_weight", first+b.Index)
		for c, m := range magnitudes(d.get(name, b4Channels[stage])) {
			total[c] += m
		}
	}
	return total
}

// expandedScores of a block's inner channels: |gamma of the depthwise
// batch-norm| times the norm of the projection's column.
func (d *donor) expandedScores(block string, outer, wide int) []float64 {
	scores := magnitudes(d.get(block+"bn1_weight", wide))
	project := d.get(block+"project_conv_weight", outer, wide, 1, 1)
	for c := range scores {
		sum := 0.0
		for o := range outer {
			v := float64(project.Data[o*wide+c])
			sum += v * v
		}
		scores[c] *= math.Sqrt(sum)
	}
	return scores
}

// squeezeScores of a gate's units: the product of the norms of their weights,
// reduce [S,C] and widen [C,S].
func squeezeScores(reduce, widen tensor.Float32) []float64 {
	units, wide := reduce.Shape[0], reduce.Shape[1]
	scores := make([]float64, units)
	for u := range scores {
		before, after := 0.0, 0.0
		for c := range wide {
			r, w := float64(reduce.Data[u*wide+c]), float64(widen.Data[c*units+u])
			before, after = before+r*r, after+w*w
		}
		scores[u] = math.Sqrt(before * after)
	}
	return scores
}

func magnitudes(t tensor.Float32) []float64 {
	m := make([]float64, len(t.Data))
	for i, v := range t.Data {
		m[i] = math.Abs(float64(v))
	}
	return m
}

// largest is the places of the n largest scores, in rising order.
func largest(scores []float64, n int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	keep := order[:n]
	slices.Sort(keep)
	return keep
}

// rows takes the given places of t's first axis.
func rows(t tensor.Float32, keep []int) []float32 {
	width := len(t.Data) / t.Shape[0]
	out := make([]float32, 0, len(keep)*width)
	for _, r := range keep {
		out = append(out, t.Data[r*width:(r+1)*width]...)
	}
	return out
}

// columns takes the given places of each row of data [rows, width].
func columns(data []float32, width int, keep []int) []float32 {
	out := make([]float32, 0, len(data)/width*len(keep))
	for r := 0; r < len(data); r += width {
		for _, c := range keep {
			out = append(out, data[r+c])
		}
	}
	return out
}

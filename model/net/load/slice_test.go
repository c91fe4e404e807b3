package load

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/tensor"
)

// TestSlice hides a B3 in a B4: its channels at random places among channels
// that carry nothing. Slicing must find exactly that B3 again.
func TestSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	places := func(n, of int) []int {
		p := r.Perm(of)[:n]
		slices.Sort(p)
		return p
	}
	b3 := net.InitHash(net.Pooled, 0, 9)
	for _, tensor := range net.Names(net.Pooled, 0) { // statistics that differ by channel
		for i := range b3[tensor.Name].Data {
			switch tensor.Role {
			case net.Mean:
				b3[tensor.Name].Data[i] = float32(i % 7)
			case net.Variance:
				b3[tensor.Name].Data[i] = 1 + float32(i%5)
			}
		}
	}
	d := &donor{tensors: net.Params{}}
	hide := func(to, from string, shape []int, outer, inner []int) {
		w := b3[from]
		if w.Data == nil {
			t.Fatalf("no tensor %s", from)
		}
		big := tensor.Float32{Name: to, Shape: shape, Data: make([]float32, tensor.Len(shape))}
		if inner == nil && len(shape) > 1 {
			inner = []int{0, 1, 2}[:shape[1]]
		}
		if len(shape) == 1 {
			inner = []int{0}
		}
		taps := 1
		if len(shape) == 4 {
			taps = shape[2] * shape[3]
		}
		row := len(big.Data) / shape[0]
		for o, at := range outer {
			for i, col := range inner {
				copy(big.Data[at*row+col*taps:][:taps], w.Data[(o*len(inner)+i)*taps:][:taps])
			}
		}
		d.tensors[to] = big
	}
	norm := func(to, from string, channels int, keep []int) {
		for _, part := range []string{"weight", "bias", "running_mean", "running_var"} {
			hide(to+"_"+part, from+"."+part, []int{channels}, keep, nil)
		}
	}
	stream, in := places(40, b4Stem), b4Stem
	hide("stem_conv1_weight", "conv_stem.weight", []int{b4Stem, 3, 3, 3}, stream, nil)
	norm("stem_bn1", "bn1", b4Stem, stream)
	first, next := 0, []int(nil)
	for _, b := range net.Blocks() {
		if b.Index == 0 {
			if b.Stage > 0 {
				first += b4Repeats[b.Stage-1]
			}
			next = places(b.Out, b4Channels[b.Stage])
		}
		if skipped(b) {
			continue
		}
		from, out := fmt.Sprintf("blocks_block%d_", first+b.Index), b4Channels[b.Stage]
		mid, wide, dw, pw, last := stream, in, ".bn1", ".conv_pw", ".bn2"
		if b.Expands() {
			wide, dw, pw, last = 6*in, ".bn2", ".conv_pwl", ".bn3"
			mid = places(b.Mid, wide)
			hide(from+"expand_conv_weight", b.Name+".conv_pw.weight", []int{wide, in, 1, 1}, mid, stream)
			norm(from+"bn0", b.Name+".bn1", wide, mid)
		}
		units := places(b.Squeezed, in/4)
		hide(from+"depthwise_weight", b.Name+".conv_dw.weight", []int{wide, 1, b.Kernel, b.Kernel}, mid, nil)
		norm(from+"bn1", b.Name+dw, wide, mid)
		hide(from+"se_reduce_weight", b.Name+".se.conv_reduce.weight", []int{in / 4, wide, 1, 1}, units, mid)
		hide(from+"se_reduce_bias", b.Name+".se.conv_reduce.bias", []int{in / 4}, units, nil)
		hide(from+"se_expand_weight", b.Name+".se.conv_expand.weight", []int{wide, in / 4, 1, 1}, mid, units)
		hide(from+"se_expand_bias", b.Name+".se.conv_expand.bias", []int{wide}, mid, nil)
		hide(from+"project_conv_weight", b.Name+pw+".weight", []int{out, wide, 1, 1}, next, mid)
		norm(from+"bn2", b.Name+last, out, next)
		stream, in = next, out
	}
	keep := places(1536, b4Head)
	hide("head_conv2_weight", "conv_head.weight", []int{b4Head, in, 1, 1}, keep, stream)
	norm("head_bn2", "bn2", b4Head, keep)

	got := d.slice(net.InitRandom(net.Pooled, 0, 1))
	if d.err != nil {
		t.Fatal(d.err)
	}
	for _, want := range net.Names(net.Pooled, 0) {
		g := got[want.Name]
		if !slices.Equal(g.Shape, want.Shape) {
			t.Fatalf("%s has shape %v, want %v", want.Name, g.Shape, want.Shape)
		}
		if strings.HasPrefix(want.Name, "blocks.6.1.") {
			if strings.HasSuffix(want.Name, ".bn3.weight") || strings.HasSuffix(want.Name, ".bn3.bias") {
				if slices.ContainsFunc(g.Data, func(v float32) bool { return v != 0 }) {
					t.Errorf("%s is not zero", want.Name)
				}
			}
			continue
		}
		data := slices.Clone(b3[want.Name].Data)
		if want.Role == net.Variance {
			for i := range data {
				data[i] += b4Eps - net.Eps
			}
		}
		if !slices.Equal(g.Data, data) {
			t.Errorf("%s differs from what was hidden", want.Name)
		}
	}

	delete(d.tensors, "blocks_block7_bn1_bias")
	if d.slice(net.InitRandom(net.Pooled, 0, 1)); d.err == nil || !strings.Contains(d.err.Error(), "blocks_block7_bn1_bias") {
		t.Errorf("error is %v, want one that names the missing tensor", d.err)
	}
}

func TestFolderRefuses(t *testing.T) {
	folder := t.TempDir()
	into := func() error {
		_, err := Into(net.InitRandom(net.Fastai, 4, 1), net.Names(net.Fastai, 4), folder)
		return err
	}
	if err := into(); err == nil || !strings.Contains(err.Error(), "no .npy files") {
		t.Errorf("empty folder: error is %v", err)
	}
	file := filepath.Join(folder, "0_stem_conv1_weight.npy")
	if err := os.WriteFile(file, []byte("no array"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := into(); err == nil || !strings.Contains(err.Error(), "0_stem_conv1_weight.npy") {
		t.Errorf("damaged file: error is %v, want one that names it", err)
	}
	if err := os.WriteFile(file, npy("<f4", "2,", make([]byte, 8)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := into(); err == nil || !strings.Contains(err.Error(), "stem_bn1_weight is missing") {
		t.Errorf("lone file: error is %v, want one that names a missing tensor", err)
	}
}

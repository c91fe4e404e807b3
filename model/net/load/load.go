// Package load fills a network's parameters from a file: timm's safetensors,
// one of our packed models, or the folder of an EfficientNet-B4's tensors.
package load

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

// Report says what a file gave.
type Report struct {
	Source string `json:"source"` // what the file is, in words
	Loaded int    `json:"loaded"` // tensors taken
	// Missing are tensors of the network that the file lacks, or has in another
	// shape (then the entry says so); they keep their initial values.
	Missing []string `json:"missing"`
	// Extra are the file's tensors that the network has no place for.
	Extra []string `json:"extra"`
	// Head reports whether every tensor of the head was in the file.
	Head bool `json:"head"`
}

// Into fills p, made by net.InitRandom or alike for the body and one head, from
// the file or folder at path. want is net.Names of the same head. A file that
// lacks a tensor of the body is an error that names it; a head may be missing.
func Into(p net.Params, want []net.Tensor, path string) (Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Report{}, fmt.Errorf("load: %w", err)
	}
	var found net.Params
	report := Report{}
	if info.IsDir() {
		report.Source = "EfficientNet-B4 tensors, sliced"
		found, err = sliceB4(path, p)
	} else {
		var data []byte
		if data, err = os.ReadFile(path); err != nil {
			return Report{}, fmt.Errorf("load: %w", err)
		}
		if bytes.HasPrefix(data, []byte(bundle.Magic)) {
			report.Source = "packed model, batch-norm folded"
			var b *bundle.Bundle
			if b, err = bundle.Read(data); err == nil {
				found, err = unpack(b, p)
			}
		} else {
			report.Source = "safetensors"
			found, err = ParseSafetensors(data)
		}
	}
	if err != nil {
		return report, fmt.Errorf("load: %s: %w", path, err)
	}
	if err := report.fill(p, want, found); err != nil {
		return report, fmt.Errorf("load: %s: %w", path, err)
	}
	return report, nil
}

func (r *Report) fill(p net.Params, want []net.Tensor, found net.Params) error {
	r.Head, r.Missing, r.Extra = true, []string{}, []string{}
	var body []string // missing of the body
	known := map[string]bool{}
	for _, t := range want {
		known[t.Name] = true
		f, ok := found[t.Name]
		if ok && slices.Equal(f.Shape, t.Shape) {
			p[t.Name] = tensor.Float32{Name: t.Name, Shape: t.Shape, Data: f.Data}
			r.Loaded++
			continue
		}
		entry := t.Name
		if ok {
			entry = fmt.Sprintf("%s (has shape %v, want %v)", t.Name, f.Shape, t.Shape)
		}
		r.Missing = append(r.Missing, entry)
		if t.Head {
			r.Head = false
		} else {
			body = append(body, entry)
		}
	}
	for name := range found {
		// PyTorch counts batches beside each batch-norm; nothing reads it at inference.
		if !known[name] && !strings.HasSuffix(name, ".num_batches_tracked") {
			r.Extra = append(r.Extra, name)
		}
	}
	slices.Sort(r.Extra)
	if len(body) > 0 {
		return fmt.Errorf("%d tensors of %s are missing: %s; %d are extra: %s",
			len(body), net.Architecture, some(body), len(r.Extra), some(r.Extra))
	}
	return nil
}

// some is a list short enough for an error.
func some(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

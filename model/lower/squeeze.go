package lower

import (
	"slices"

	"blastlens/wasm/kernel/activation"
)

// fuseSqueeze finds squeeze-and-excitation: x times the sigmoid of two 1x1
// convolutions, SiLU between them, of x's average. The branch becomes one op,
// its product with x the gate of the 1x1 convolution that reads it.
func fuseSqueeze(p *program) {
	for _, m := range slices.Clone(p.ops) {
		if m.kind != mul {
			continue
		}
		x, gate := m.in[0], m.in[1]
		wide := p.producer(gate)
		if wide == nil || !wide.pointwise() || wide.act != activation.Sigmoid {
			continue
		}
		narrow := p.producer(wide.in[0])
		if narrow == nil || !narrow.pointwise() || narrow.act != activation.SiLU || p.soleUser(narrow.out) != wide {
			continue
		}
		mean := p.producer(narrow.in[0])
		if mean == nil || mean.kind != avgPool || mean.in[0] != x || p.soleUser(mean.out) != narrow {
			continue
		}
		next := p.soleUser(m.out)
		if next == nil || !next.pointwise() || next.gate != "" || p.soleUser(gate) != m {
			continue
		}
		name := narrow.name
		if cut := len(name) - len(".conv_reduce"); cut > 0 && name[cut:] == ".conv_reduce" {
			name = name[:cut]
		}
		*wide = op{
			kind: squeeze, node: wide.node, onnx: wide.onnx, name: name, in: []string{x}, out: gate,
			inC: narrow.inC, squeezed: narrow.outC, w: narrow.w, b: narrow.b, w2: wide.w, b2: wide.b,
		}
		next.in[0], next.gate = x, gate
		p.remove(m, mean, narrow)
	}
}

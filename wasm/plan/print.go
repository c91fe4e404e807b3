package plan

import (
	"fmt"
	"io"
	"strings"

	"blastlens/wasm/tensor"
)

// Print writes p as text, one step a line with shapes and buffers, for people
// and for golden tests. It shows no weights.
func Print(w io.Writer, p *Plan) error {
	var b strings.Builder
	in := p.Values[p.Input]
	fmt.Fprintf(&b, "input %s\n", in.text())
	total := 0
	for _, n := range p.Buffers {
		total += n
	}
	fmt.Fprintf(&b, "%d steps, %d values in %d buffers of %d float32\n", len(p.Steps), len(p.Values), len(p.Buffers), total)
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "%3d %-9s %-22s %s -> %s", i, s.Op, s.Name, p.Values[s.In].text(), p.Values[s.Out].text())
		if s.Kernel > 1 {
			fmt.Fprintf(&b, " %dx%d", s.Kernel, s.Kernel)
		}
		if s.Stride > 1 {
			fmt.Fprintf(&b, " stride %d", s.Stride)
		}
		if s.Op == Squeeze {
			fmt.Fprintf(&b, " through %d", tensor.Len(p.Weights[s.B].Shape))
		}
		if s.Pool != "" {
			fmt.Fprintf(&b, " %s", s.Pool)
		}
		if s.Gate != None {
			fmt.Fprintf(&b, " * @%d", p.Values[s.Gate].Buffer)
		}
		if s.Act != "" {
			fmt.Fprintf(&b, " %s", s.Act)
		}
		if s.Residual != None {
			fmt.Fprintf(&b, " + @%d", p.Values[s.Residual].Buffer)
		}
		b.WriteByte('\n')
	}
	for _, o := range p.Outputs {
		fmt.Fprintf(&b, "output %s %s\n", o.Name, p.Values[o.Value].text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (v Value) text() string { return fmt.Sprintf("[%d %d %d]@%d", v.H, v.W, v.C, v.Buffer) }

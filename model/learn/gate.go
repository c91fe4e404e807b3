package learn

import (
	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
)

// gate is squeeze-and-excitation: sigmoid(silu(mean·w1 + b1)·w2 + b2), a factor
// a channel and picture.
type gate struct {
	n                       *Network
	pixels, wide, narrow    int
	w1, b1, w2, b2          *Parameter
	mean, z1, hidden, value []float32 // [batch, wide], [batch, narrow] twice, [batch, wide]
	slopes, dhidden, dmean  []float32 // [batch, wide], [batch, narrow], [batch, wide]
	sums                    []*norm.Slopes
	zeros                   []float32
}

func (n *Network) newGate(b net.Block, pixels int) *gate {
	g := &gate{n: n, pixels: pixels, wide: b.Mid, narrow: b.Squeezed, zeros: make([]float32, b.Mid)}
	for range n.parts {
		g.sums = append(g.sums, norm.NewSlopes(b.Mid))
	}
	layer := func(name string, in, out int) (w, bias *Parameter) {
		return n.parameter(net.Tensor{Name: name + ".weight", Shape: []int{out, in, 1, 1}, Role: net.Weight}),
			n.parameter(net.Tensor{Name: name + ".bias", Shape: []int{out}, Role: net.Bias})
	}
	g.w1, g.b1 = layer(b.Name+".se.conv_reduce", b.Mid, b.Squeezed)
	g.w2, g.b2 = layer(b.Name+".se.conv_expand", b.Squeezed, b.Mid)
	for _, v := range []*[]float32{&g.mean, &g.value, &g.slopes, &g.dmean} {
		*v = make([]float32, n.batch*b.Mid)
	}
	for _, v := range []*[]float32{&g.z1, &g.hidden, &g.dhidden} {
		*v = make([]float32, n.batch*b.Squeezed)
	}
	return g
}

func (g *gate) wideRow(v []float32, i int) []float32   { return v[i*g.wide : (i+1)*g.wide] }
func (g *gate) narrowRow(v []float32, i int) []float32 { return v[i*g.narrow : (i+1)*g.narrow] }

// output is picture i's gate.
func (g *gate) output(i int) []float32 { return g.wideRow(g.value, i) }

// forward computes picture i's gate from its map x [pixels, wide].
func (g *gate) forward(i int, x []float32) {
	mean, z1, hidden := g.wideRow(g.mean, i), g.narrowRow(g.z1, i), g.narrowRow(g.hidden, i)
	pool.Run(mean, x, pool.Shape{Pixels: g.pixels, C: g.wide, Kind: pool.Avg}, nil)
	dense.Run(z1, mean, g.w1.Value, g.b1.Value, dense.Shape{C: g.wide, M: g.narrow}, activation.None, nil)
	copy(hidden, z1)
	activation.SiLU.Map(hidden)
	dense.Run(g.output(i), hidden, g.w2.Value, g.b2.Value, dense.Shape{C: g.narrow, M: g.wide}, activation.Sigmoid, nil)
}

func (g *gate) freeze(frozen bool) {
	for _, p := range []*Parameter{g.w1, g.b1, g.w2, g.b2} {
		p.frozen = frozen
	}
}

// slope computes the gradient of picture i's gate before its sigmoid, from that
// of the gated map, dy [pixels, wide], and the map x.
func (g *gate) slope(part, i int, dy, x []float32) {
	sums := g.sums[part]
	sums.Clear()
	sums.AddRows(dy, x, g.zeros)
	s := g.wideRow(g.slopes, i)
	for c, v := range g.output(i) {
		s[c] = float32(sums.Products[c]) * v * (1 - v)
	}
}

// backward goes on from slope for pictures lo to hi of a part: gradients of the
// layers, if they learn, and of the means.
func (g *gate) backward(part, lo, hi int, learns bool) {
	rows := hi - lo
	wide := func(v []float32) []float32 { return v[lo*g.wide : hi*g.wide] }
	narrow := func(v []float32) []float32 { return v[lo*g.narrow : hi*g.narrow] }
	pointwise.PackTransposed(g.w2.Value, g.narrow, g.wide).Run(narrow(g.dhidden), wide(g.slopes), nil, nil, rows, activation.None, nil)
	activation.SiLU.Gradient(narrow(g.dhidden), narrow(g.z1))
	pointwise.PackTransposed(g.w1.Value, g.wide, g.narrow).Run(wide(g.dmean), narrow(g.dhidden), nil, nil, rows, activation.None, nil)
	share := 1 / float32(g.pixels)
	for i, v := range wide(g.dmean) {
		wide(g.dmean)[i] = v * share
	}
	if !learns {
		return
	}
	pointwise.AddWeightGradient(g.w2.parts[part], narrow(g.hidden), wide(g.slopes), pointwise.Shape{Rows: rows, C: g.narrow, M: g.wide})
	pointwise.AddWeightGradient(g.w1.parts[part], wide(g.mean), narrow(g.dhidden), pointwise.Shape{Rows: rows, C: g.wide, M: g.narrow})
	addColumns(g.b2.parts[part], wide(g.slopes))
	addColumns(g.b1.parts[part], narrow(g.dhidden))
}

// share is what each pixel of picture i gets of the means' gradient.
func (g *gate) share(i int) []float32 { return g.wideRow(g.dmean, i) }

// addColumns adds all rows of x to sum.
func addColumns(sum, x []float32) {
	for len(x) > 0 {
		for c := range sum {
			sum[c] += x[c]
		}
		x = x[len(sum):]
	}
}

package lower

import (
	"math"

	"blastlens/model/graph"
)

// grid is a value in NCHW, batch one.
type grid struct {
	c, h, w int
	v       []float64
}

// evaluate computes a sketch node by node from the operators' definitions: no
// folding, no fusing, float64. Outputs come back in NHWC.
func evaluate(g *graph.Graph, picture []float32) [][]float32 {
	x := grid{c: 3, h: 8, w: 8, v: make([]float64, 3*64)}
	for p := range 64 {
		for c := range 3 {
			x.v[c*64+p] = float64(picture[p*3+c])
		}
	}
	values := map[string]grid{"x": x}
	for _, n := range g.Nodes {
		values[n.Outputs[0]] = apply(g, n, values)
	}
	var outputs [][]float32
	for _, o := range g.Outputs {
		y := values[o.Name]
		out := make([]float32, len(y.v))
		for c := range y.c {
			for p := range y.h * y.w {
				out[p*y.c+c] = float32(y.v[c*y.h*y.w+p])
			}
		}
		outputs = append(outputs, out)
	}
	return outputs
}

func apply(g *graph.Graph, n graph.Node, values map[string]grid) grid {
	x := values[n.Inputs[0]]
	pixels := x.h * x.w
	weight := func(i int) []float32 { return g.Init[n.Inputs[i]].Data }
	each := func(f func(c int, v float64) float64) grid {
		y := grid{x.c, x.h, x.w, make([]float64, len(x.v))}
		for i, v := range x.v {
			y.v[i] = f(i/pixels, v)
		}
		return y
	}
	pooled := func(start float64, f func(a, v float64) float64) grid {
		y := grid{x.c, 1, 1, make([]float64, x.c)}
		for c := range x.c {
			y.v[c] = start
			for _, v := range x.v[c*pixels : (c+1)*pixels] {
				y.v[c] = f(y.v[c], v)
			}
		}
		return y
	}
	switch n.Op {
	case "Conv": // 1x1 only
		m := len(weight(1)) / x.c
		y := grid{m, x.h, x.w, make([]float64, m*pixels)}
		for o := range m {
			for p := range pixels {
				for c := range x.c {
					y.v[o*pixels+p] += float64(weight(1)[o*x.c+c]) * x.v[c*pixels+p]
				}
			}
		}
		return y
	case "Gemm":
		m := len(weight(2))
		y := grid{m, 1, 1, make([]float64, m)}
		for o := range m {
			y.v[o] = float64(weight(2)[o])
			for c := range x.c {
				y.v[o] += float64(weight(1)[o*x.c+c]) * x.v[c]
			}
		}
		return y
	case "BatchNormalization":
		return each(func(c int, v float64) float64 {
			return (v-float64(weight(3)[c]))/math.Sqrt(float64(weight(4)[c])+1e-5)*float64(weight(1)[c]) + float64(weight(2)[c])
		})
	case "Sigmoid":
		return each(func(_ int, v float64) float64 { return 1 / (1 + math.Exp(-v)) })
	case "Relu":
		return each(func(_ int, v float64) float64 { return max(v, 0) })
	case "GlobalMaxPool":
		return pooled(math.Inf(-1), func(a, v float64) float64 { return max(a, v) })
	case "GlobalAveragePool", "ReduceMean":
		return pooled(0, func(a, v float64) float64 { return a + v/float64(pixels) })
	case "Concat":
		b := values[n.Inputs[1]]
		return grid{x.c + b.c, 1, 1, append(append([]float64{}, x.v...), b.v...)}
	case "Add", "Mul":
		b := values[n.Inputs[1]]
		if len(b.v) > len(x.v) {
			x, b = b, x
			pixels = x.h * x.w
		}
		y := grid{x.c, x.h, x.w, make([]float64, len(x.v))}
		for i := range y.v {
			v := b.v[i*len(b.v)/len(x.v)] // a gate has one value a channel
			if n.Op == "Add" {
				y.v[i] = x.v[i] + v
			} else {
				y.v[i] = x.v[i] * v
			}
		}
		return y
	}
	return x // Flatten, Dropout, Identity
}

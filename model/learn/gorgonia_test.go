package learn

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"blastlens/model/net"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/stem"
)

// Every gradient of ours is the one that gorgonia derives by itself. Sizes end
// in the middle of every vector, and go beyond the rows that are summed at once.
// `make kernels` runs this test at each vector width.
func TestGradientsAgainstGorgonia(t *testing.T) {
	kerneltest.AssertWidth(t, lanes.Name())
	for _, d := range []derivation{
		ofPointwise(pointwise.Shape{Rows: 37, C: 19, M: 21}),
		ofPointwise(pointwise.Shape{Rows: 261, C: 10, M: 37}),
		ofPointwise(pointwise.Shape{Rows: 5, C: 7, M: 3}),
		ofGatedPointwise(pointwise.Shape{Rows: 35, C: 21, M: 19}),
		ofDepthwise(depthwise.Shape{H: 9, W: 7, C: 19, K: 3, Stride: 1}),
		ofDepthwise(depthwise.Shape{H: 9, W: 7, C: 19, K: 3, Stride: 2}),
		ofDepthwise(depthwise.Shape{H: 7, W: 11, C: 21, K: 5, Stride: 1}),
		ofDepthwise(depthwise.Shape{H: 7, W: 11, C: 21, K: 5, Stride: 2}),
		ofDepthwise(depthwise.Shape{H: 8, W: 6, C: 5, K: 5, Stride: 2}),
		ofStem(stem.Shape{H: 13, W: 9, M: 21}),
		ofStem(stem.Shape{H: 6, W: 8, M: 37}),
		ofPool(5, 7, 19, pool.Avg),
		ofPool(5, 7, 19, pool.MaxAvg),
		ofActivation(activation.ReLU, gorgonia.Rectify),
		ofActivation(activation.Sigmoid, gorgonia.Sigmoid),
		ofActivation(activation.SiLU, silu),
		ofNorm(norm.Shape{Rows: 35, C: 19}, "its own", ownNorm),
		ofNorm(norm.Shape{Rows: 131, C: 21}, "its own", ownNorm),
		ofNorm(norm.Shape{Rows: 35, C: 19}, "composed", composedNorm),
		ofNorm(norm.Shape{Rows: 131, C: 21}, "composed", composedNorm),
		ofGate(3, 35, 19, 5),
		ofCrossEntropy(7, 5),
	} {
		t.Run(d.name, func(t *testing.T) {
			want := d.derive(t)
			for name, differentiate := range d.ours {
				t.Run(name, func(t *testing.T) {
					got := make([][]float32, len(want))
					for i := range got {
						got[i] = make([]float32, len(want[i]))
					}
					differentiate(got)
					for i, in := range d.inputs {
						t.Run(in.name, func(t *testing.T) { kerneltest.Equal(t, got[i], want[i], 1e-5) })
					}
				})
			}
		})
	}
}

// derivation is a function twice: as a loss in gorgonia, which derives its
// gradients, and as these gradients from our code.
type derivation struct {
	name   string
	inputs []array // what the loss is derived after
	loss   func(in []*gorgonia.Node) *gorgonia.Node
	// ours, by implementation, puts the gradient of each input in d, which is zero.
	ours map[string]func(d [][]float32)
}

// only names code that has one implementation.
const only = "only"

// array has its values in our layout.
type array struct {
	name   string
	values []float32
	shape  tensor.Shape
}

// derive returns gorgonia's gradients. It computes in float64 with gonum's BLAS,
// so that nothing of it is our code (package adapt, which gives it our product in
// float32, is not in this binary) and its rounding is far below ours.
func (d derivation) derive(t *testing.T) [][]float32 {
	t.Helper()
	g, in := gorgonia.NewGraph(), make(gorgonia.Nodes, len(d.inputs))
	for i, a := range d.inputs {
		in[i] = node(g, a)
	}
	slopes, err := gorgonia.Grad(d.loss(in), in...)
	if err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	gradients := make([][]float32, len(in))
	for i, s := range slopes {
		for _, v := range s.Value().Data().([]float64) {
			gradients[i] = append(gradients[i], float32(v))
		}
	}
	return gradients
}

// node adds a to g. Its name must be its own: gorgonia takes two inputs of the
// same name and shape for one.
func node(g *gorgonia.ExprGraph, a array) *gorgonia.Node {
	wide := make([]float64, len(a.values))
	for i, v := range a.values {
		wide[i] = float64(v)
	}
	value := tensor.New(tensor.WithShape(a.shape...), tensor.WithBacking(wide))
	return gorgonia.NewTensor(g, tensor.Float64, a.shape.Dims(), gorgonia.WithShape(a.shape...), gorgonia.WithName(a.name), gorgonia.WithValue(value))
}

// dot is the loss whose gradient after y is dy.
func dot(y *gorgonia.Node, name string, dy []float32) *gorgonia.Node {
	return must(gorgonia.Sum(times(y, node(y.Graph(), array{name, dy, y.Shape()}))))
}

func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }

func times(a, b *gorgonia.Node) *gorgonia.Node { return must(gorgonia.HadamardProd(a, b)) }

func silu(x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.HadamardProd(x, must(gorgonia.Sigmoid(x)))
}

// y = x·w
func ofPointwise(s pointwise.Shape) derivation {
	x, w, dy := kerneltest.Fill(1, s.Rows*s.C), kerneltest.Fill(2, s.C*s.M), kerneltest.Fill(3, s.Rows*s.M)
	return derivation{
		name:   "pointwise," + s.String(),
		inputs: []array{{"x", x, tensor.Shape{s.Rows, s.C}}, {"w", w, tensor.Shape{s.C, s.M}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			return dot(must(gorgonia.Mul(in[0], in[1])), "dy", dy)
		},
		ours: map[string]func(d [][]float32){
			"reference": func(d [][]float32) { pointwise.RefBackward(d[0], d[1], x, w, dy, s) },
			pointwise.Implementation(): func(d [][]float32) {
				pointwise.PackTransposed(w, s.C, s.M).Run(d[0], dy, nil, nil, s.Rows, activation.None, nil)
				pointwise.AddWeightGradient(d[1], x, dy, s)
			},
		},
	}
}

// y = (x*gate)·w, its gradients put together as a block does it.
func ofGatedPointwise(s pointwise.Shape) derivation {
	x, gate, w := kerneltest.Fill(1, s.Rows*s.C), kerneltest.Fill(2, s.C), kerneltest.Fill(3, s.C*s.M)
	dy := kerneltest.Fill(4, s.Rows*s.M)
	return derivation{
		name:   "gated pointwise," + s.String(),
		inputs: []array{{"x", x, tensor.Shape{s.Rows, s.C}}, {"gate", gate, tensor.Shape{1, s.C}}, {"w", w, tensor.Shape{s.C, s.M}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			gated := must(gorgonia.BroadcastHadamardProd(in[0], in[1], nil, []byte{0}))
			return dot(must(gorgonia.Mul(gated, in[2])), "dy", dy)
		},
		ours: map[string]func(d [][]float32){
			pointwise.Implementation(): func(d [][]float32) {
				gated, dgated := make([]float32, len(x)), make([]float32, len(x))
				pointwise.Gate(gated, x, gate)
				pointwise.AddWeightGradient(d[2], gated, dy, s)
				pointwise.PackTransposed(w, s.C, s.M).Run(dgated, dy, nil, nil, s.Rows, activation.None, nil)
				pointwise.Gate(d[0], dgated, gate)
				sums := norm.NewSlopes(s.C)
				sums.AddRows(dgated, x, make([]float32, s.C))
				for c, v := range sums.Products {
					d[1][c] = float32(v)
				}
			},
		},
	}
}

// convolved is gorgonia's convolution on our layouts: x [n,h,w,in], w [k,k,in,out] -> [n,oh,ow,out].
func convolved(x, w *gorgonia.Node, stride int) *gorgonia.Node {
	k := w.Shape()[0]
	x, w = must(gorgonia.Transpose(x, 0, 3, 1, 2)), must(gorgonia.Transpose(w, 3, 2, 0, 1))
	y := must(gorgonia.Conv2d(x, w, tensor.Shape{k, k}, []int{k / 2, k / 2}, []int{stride, stride}, []int{1, 1}))
	return must(gorgonia.Transpose(y, 0, 2, 3, 1))
}

// gorgonia's convolution has no groups. Here each channel is a picture of one
// channel that meets the filters of all; only its own one has a slope.
func ofDepthwise(s depthwise.Shape) derivation {
	pixels := s.OutH() * s.OutW()
	x, w, dy := kerneltest.Fill(1, s.H*s.W*s.C), kerneltest.Fill(2, s.K*s.K*s.C), kerneltest.Fill(3, pixels*s.C)
	own := make([]float32, s.C*pixels*s.C)
	for p := range pixels {
		for c := range s.C {
			own[(c*pixels+p)*s.C+c] = dy[p*s.C+c]
		}
	}
	return derivation{
		name:   "depthwise," + kerneltest.Depthwise{Shape: s}.String(),
		inputs: []array{{"x", x, tensor.Shape{s.H, s.W, s.C}}, {"w", w, tensor.Shape{s.K, s.K, s.C}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			pictures := must(gorgonia.Reshape(must(gorgonia.Transpose(in[0], 2, 0, 1)), tensor.Shape{s.C, s.H, s.W, 1}))
			filters := must(gorgonia.Reshape(in[1], tensor.Shape{s.K, s.K, 1, s.C}))
			return dot(convolved(pictures, filters, s.Stride), "dy", own)
		},
		ours: map[string]func(d [][]float32){
			"reference": func(d [][]float32) { depthwise.RefBackward(d[0], d[1], x, w, dy, s) },
			depthwise.Implementation(): func(d [][]float32) {
				depthwise.InputGradient(d[0], dy, w, s, nil)
				depthwise.AddWeightGradient(nil, d[1], x, dy, s)
			},
		},
	}
}

func ofStem(s stem.Shape) derivation {
	x, w, dy := kerneltest.Fill(1, s.H*s.W*3), kerneltest.Fill(2, 27*s.M), kerneltest.Fill(3, s.OutH()*s.OutW()*s.M)
	return derivation{
		name:   "stem," + kerneltest.Stem{Shape: s}.String(),
		inputs: []array{{"w", w, tensor.Shape{3, 3, 3, s.M}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			picture := node(in[0].Graph(), array{"x", x, tensor.Shape{1, s.H, s.W, 3}})
			return dot(convolved(picture, in[0], 2), "dy", dy)
		},
		ours: map[string]func(d [][]float32){
			"reference":           func(d [][]float32) { stem.RefBackward(d[0], x, dy, s) },
			stem.Implementation(): func(d [][]float32) { stem.AddWeightGradient(d[0], x, dy, s) },
		},
	}
}

// Values are rounded, so that pixels share a maximum: gorgonia too gives all to
// the first. Averages are its Mean, as GlobalAveragePool2D has no gradient and
// AveragePool2D divides by the width of the map alone.
func ofPool(h, w, c int, kind pool.Kind) derivation {
	s := pool.Shape{Pixels: h * w, C: c, Kind: kind}
	x, dy := kerneltest.Scaled(1, s.Pixels*c, 4), kerneltest.Fill(2, kind.Out(c))
	for i, v := range x {
		x[i] = float32(math.Round(float64(v)))
	}
	return derivation{
		name:   fmt.Sprintf("pool,%s,%dx%dx%d", kind, h, w, c),
		inputs: []array{{"x", x, tensor.Shape{1, h, w, c}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			x := must(gorgonia.Transpose(in[0], 0, 3, 1, 2))
			average := must(gorgonia.Mean(x, 2, 3))
			if kind == pool.Avg {
				return dot(average, "dy", dy)
			}
			top := must(gorgonia.MaxPool2D(x, tensor.Shape{h, w}, []int{0, 0}, []int{1, 1}))
			return must(gorgonia.Add(dot(top, "dtop", dy[:c]), dot(average, "daverage", dy[c:])))
		},
		ours: map[string]func(d [][]float32){only: func(d [][]float32) { pool.Backward(d[0], x, dy, s) }},
	}
}

// No value is 0, where gorgonia's Rectify has slope 1 and ours, as PyTorch's, 0.
func ofActivation(kind activation.Kind, its func(x *gorgonia.Node) (*gorgonia.Node, error)) derivation {
	const n = 101
	x, dy := kerneltest.Scaled(1, n, 12), kerneltest.Fill(2, n)
	return derivation{
		name:   string(kind),
		inputs: []array{{"x", x, tensor.Shape{n}}},
		loss:   func(in []*gorgonia.Node) *gorgonia.Node { return dot(must(its(in[0])), "dy", dy) },
		ours: map[string]func(d [][]float32){
			"reference": func(d [][]float32) {
				for i, v := range dy {
					d[0][i] = v * kind.Slope(x[i])
				}
			},
			activation.Implementation(): func(d [][]float32) {
				copy(d[0], dy)
				kind.Gradient(d[0], x)
			},
		},
	}
}

// its is batch-norm in training, of x [rows,c] with gamma and beta [1,c].
func ofNorm(s norm.Shape, name string, its func(x, gamma, beta *gorgonia.Node) *gorgonia.Node) derivation {
	x, gamma, beta := kerneltest.Fill(1, s.Rows*s.C), kerneltest.Fill(2, s.C), kerneltest.Fill(3, s.C)
	dy := kerneltest.Fill(4, s.Rows*s.C)
	for i := range x { // means away from 0, and variances that differ
		x[i] = x[i]*float32(1+i%s.C%3) + float32(i%s.C%5)
	}
	return derivation{
		name:   fmt.Sprintf("batch-norm,%dx%d,%s", s.Rows, s.C, name),
		inputs: []array{{"x", x, tensor.Shape{s.Rows, s.C}}, {"gamma", gamma, tensor.Shape{1, s.C}}, {"beta", beta, tensor.Shape{1, s.C}}},
		loss:   func(in []*gorgonia.Node) *gorgonia.Node { return dot(its(in[0], in[1], in[2]), "dy", dy) },
		ours: map[string]func(d [][]float32){
			"reference": func(d [][]float32) {
				norm.RefTraining(make([]float32, len(x)), d[0], d[1], d[2], x, gamma, beta, dy, net.Eps, s)
			},
			norm.Implementation(): func(d [][]float32) {
				n := &Network{batch: s.Rows, parts: 1, training: true}
				b := n.newNormRows("norm", s.C)
				copy(b.gamma.Value, gamma)
				copy(b.beta.Value, beta)
				copy(b.running[0], x[:s.C]) // near the mean, as after some steps
				b.forward(x, s.Rows)
				copy(d[0], dy)
				b.backward(x, d[0])
				copy(d[1], b.gamma.Grad)
				copy(d[2], b.beta.Grad)
			},
		},
	}
}

// ownNorm is gorgonia's operation, whose gradient after x is written out in it.
func ownNorm(x, gamma, beta *gorgonia.Node) *gorgonia.Node {
	y, _, _, _, err := gorgonia.BatchNorm(x, gamma, beta, Momentum, net.Eps)
	return must(y, err)
}

// composedNorm leaves all of the gradient to the automatic differentiation.
func composedNorm(x, gamma, beta *gorgonia.Node) *gorgonia.Node {
	rows := []byte{0}
	centred := must(gorgonia.BroadcastSub(x, must(gorgonia.Mean(x, 0)), nil, rows))
	variance := must(gorgonia.Mean(must(gorgonia.Square(centred)), 0))
	deviation := must(gorgonia.Sqrt(must(gorgonia.Add(variance, gorgonia.NewConstant(net.Eps)))))
	unit := must(gorgonia.BroadcastHadamardDiv(centred, deviation, nil, rows))
	return must(gorgonia.BroadcastAdd(must(gorgonia.BroadcastHadamardProd(unit, gamma, nil, rows)), beta, nil, rows))
}

// x*gate(x) of size pictures, with the gate of squeeze-and-excitation; its
// gradients put together as a block does it.
func ofGate(size, pixels, wide, narrow int) derivation {
	n := size * pixels * wide
	x, dy := kerneltest.Fill(1, n), kerneltest.Fill(2, n)
	w1, b1, w2, b2 := kerneltest.Fill(3, wide*narrow), kerneltest.Fill(4, narrow), kerneltest.Fill(5, narrow*wide), kerneltest.Fill(6, wide)
	return derivation{
		name: fmt.Sprintf("gate,%dx%dx%d-%d", size, pixels, wide, narrow),
		inputs: []array{
			{"x", x, tensor.Shape{size, pixels, wide}},
			{"w1", w1, tensor.Shape{wide, narrow}}, {"b1", b1, tensor.Shape{1, narrow}},
			{"w2", w2, tensor.Shape{narrow, wide}}, {"b2", b2, tensor.Shape{1, wide}},
		},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			layer := func(x, w, b *gorgonia.Node) *gorgonia.Node {
				return must(gorgonia.BroadcastAdd(must(gorgonia.Mul(x, w)), b, nil, []byte{0}))
			}
			hidden := must(silu(layer(must(gorgonia.Mean(in[0], 1)), in[1], in[2])))
			gate := must(gorgonia.Reshape(must(gorgonia.Sigmoid(layer(hidden, in[3], in[4]))), tensor.Shape{size, 1, wide}))
			return dot(must(gorgonia.BroadcastHadamardProd(in[0], gate, nil, []byte{1})), "dy", dy)
		},
		ours: map[string]func(d [][]float32){
			lanes.Name(): func(d [][]float32) {
				g := (&Network{batch: size, parts: 1}).newGate(net.Block{Mid: wide, Squeezed: narrow}, pixels)
				for p, v := range map[*Parameter][]float32{g.w1: w1, g.b1: b1, g.w2: w2, g.b2: b2} {
					copy(p.Value, v)
				}
				picture := func(v []float32, i int) []float32 { return v[i*pixels*wide : (i+1)*pixels*wide] }
				for i := range size {
					g.forward(i, picture(x, i))
					g.slope(0, i, picture(dy, i), picture(x, i))
				}
				g.backward(0, 0, size, true)
				for i := range size {
					norm.Run(picture(d[0], i), picture(dy, i), g.output(i), g.share(i), norm.Shape{Rows: pixels, C: wide}, activation.None, nil)
				}
				for i, p := range []*Parameter{g.w1, g.b1, g.w2, g.b2} {
					copy(d[1+i], p.parts[0])
				}
			},
		},
	}
}

// Rows of the target are soft and do not sum to 1, as with smoothed labels and
// class weights.
func ofCrossEntropy(size, classes int) derivation {
	logits, target := kerneltest.Scaled(1, size*classes, 12), kerneltest.Fill(2, size*classes)
	for i, v := range target {
		target[i] = (1 + v) / 2
	}
	return derivation{
		name:   fmt.Sprintf("cross-entropy,%dx%d", size, classes),
		inputs: []array{{"logits", logits, tensor.Shape{size, classes}}},
		loss: func(in []*gorgonia.Node) *gorgonia.Node {
			total := dot(must(gorgonia.LogSoftMax(in[0])), "target", target)
			return must(gorgonia.Mul(total, gorgonia.NewConstant(-1/float64(size))))
		},
		ours: map[string]func(d [][]float32){only: func(d [][]float32) { CrossEntropy(d[0], logits, target, size) }},
	}
}

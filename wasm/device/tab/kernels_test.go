//go:build !js

package tab

import (
	"math"
	"slices"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/dense"
	"blastlens/wasm/kernel/depthwise"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/norm"
	"blastlens/wasm/kernel/pointwise"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/kernel/squeeze"
	"blastlens/wasm/kernel/stem"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

func weight(data []float32) tensor.Float32 {
	return tensor.Float32{Shape: []int{len(data)}, Data: data}
}

const none = plan.None

func TestPointwise(t *testing.T) {
	for _, c := range kerneltest.PointwiseCases {
		x, w, b, gate, residual := c.Inputs()
		want := make([]float32, c.Rows*c.M)
		pointwise.Ref(want, x, w, b, gate, residual, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Pointwise, Act: c.Act, In: l.value(x, c.Rows, 1, c.C), Gate: l.value(gate, 1, 1, c.C), Residual: l.value(residual, c.Rows, 1, c.M)}
		equal(t, c, l.run(t, s, c.Rows, 1, c.M, w, b), want)
	}
}

// The cases have few rows; here they are cut into blocks, the last one short.
func TestPointwiseBlocks(t *testing.T) {
	for _, rows := range []int{panelRows + 1, 1000, 1003} {
		c := kerneltest.Pointwise{Shape: pointwise.Shape{Rows: rows, C: 40, M: 25}, Gate: true, Residual: true, Act: activation.SiLU}
		x, w, b, gate, residual := c.Inputs()
		want := make([]float32, c.Rows*c.M)
		pointwise.Ref(want, x, w, b, gate, residual, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Pointwise, Act: c.Act, In: l.value(x, c.Rows, 1, c.C), Gate: l.value(gate, 1, 1, c.C), Residual: l.value(residual, c.Rows, 1, c.M)}
		equal(t, c, l.run(t, s, c.Rows, 1, c.M, w, b), want)
	}
}

// integers is a source that has weight 0 in 8 bits and no other.
type integers struct {
	w      plan.Int8
	values [][]float32
}

func (s integers) Quantised(i int) bool        { return i == 0 }
func (s integers) Int8(int) (plan.Int8, error) { return s.w, nil }
func (s integers) Values(to []float32, i int) error {
	copy(to, s.values[i])
	return nil
}

// Weights in 8 bits give what the same weights give as float32, to the last bit,
// whether they are widened in the kernel (few rows) or before.
func TestPointwiseInt8(t *testing.T) {
	cases := append(slices.Clone(kerneltest.PointwiseCases),
		kerneltest.Pointwise{Shape: pointwise.Shape{Rows: panelRows, C: 40, M: 25}, Gate: true, Residual: true, Act: activation.SiLU},
		kerneltest.Pointwise{Shape: pointwise.Shape{Rows: panelRows + 1, C: 40, M: 25}, Gate: true})
	for _, c := range cases {
		for _, byRow := range []bool{false, true} {
			x, w, b, gate, residual := c.Inputs()
			q := plan.Int8{Q: make([]byte, len(w)), Columns: kerneltest.Scaled(1, c.M, 0.02)}
			if byRow {
				q.Rows = kerneltest.Scaled(2, c.C, 3)
			}
			for i, v := range w {
				q.Q[i] = byte(int8(127 * v / 2))
				w[i] = float32(int8(q.Q[i])) * q.Columns[i%c.M]
				if byRow {
					w[i] *= q.Rows[i/c.M]
				}
			}
			run := func(source plan.Source) []float32 {
				l := layer{Plan: plan.Plan{Source: source}}
				s := plan.Step{Op: plan.Pointwise, Act: c.Act, In: l.value(x, c.Rows, 1, c.C), Gate: l.value(gate, 1, 1, c.C), Residual: l.value(residual, c.Rows, 1, c.M)}
				return l.run(t, s, c.Rows, 1, c.M, w, b)
			}
			if !slices.Equal(run(integers{q, [][]float32{w, b}}), run(nil)) {
				t.Errorf("%v, scales by row %v: 8 bits differ from float32", c, byRow)
			}
		}
	}
}

func TestDepthwise(t *testing.T) {
	for _, c := range kerneltest.DepthwiseCases {
		x, w, b := c.Inputs()
		want := make([]float32, c.OutH()*c.OutW()*c.C)
		depthwise.Ref(want, x, w, b, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Depthwise, Act: c.Act, Kernel: c.K, Stride: c.Stride, In: l.value(x, c.H, c.W, c.C), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, c.OutH(), c.OutW(), c.C, w, b), want)
	}
}

func TestStem(t *testing.T) {
	for _, c := range kerneltest.StemCases {
		x, w, b := c.Inputs()
		want := make([]float32, c.OutH()*c.OutW()*c.M)
		stem.Ref(want, x, w, b, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Stem, Act: c.Act, In: l.value(x, c.H, c.W, 3), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, c.OutH(), c.OutW(), c.M, w, b), want)
	}
}

func TestSqueeze(t *testing.T) {
	for _, c := range kerneltest.SqueezeCases {
		x, w1, b1, w2, b2 := c.Inputs()
		want := make([]float32, c.C)
		squeeze.Ref(want, x, w1, b1, w2, b2, c.Shape)
		var l layer
		s := plan.Step{Op: plan.Squeeze, In: l.value(x, c.Pixels, 1, c.C), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, 1, 1, c.C, w1, b1, w2, b2), want)
	}
}

func TestPool(t *testing.T) {
	for _, c := range kerneltest.PoolCases {
		x := c.Inputs()
		want := make([]float32, c.Kind.Out(c.C))
		pool.Ref(want, x, c.Shape)
		var l layer
		s := plan.Step{Op: plan.Pool, Pool: c.Kind, In: l.value(x, c.Pixels, 1, c.C), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, 1, 1, c.Kind.Out(c.C)), want)
	}
}

func TestDense(t *testing.T) {
	for _, c := range kerneltest.DenseCases {
		x, w, b := c.Inputs()
		want := make([]float32, c.M)
		dense.Ref(want, x, w, b, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Dense, Act: c.Act, In: l.value(x, 1, 1, c.C), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, 1, 1, c.M, w, b), want)
	}
}

func TestNorm(t *testing.T) {
	for _, c := range kerneltest.NormCases {
		x, scale, shift := c.Inputs()
		want := make([]float32, c.Rows*c.C)
		norm.Ref(want, x, scale, shift, c.Shape, c.Act)
		var l layer
		s := plan.Step{Op: plan.Norm, Act: c.Act, In: l.value(x, c.Rows, 1, c.C), Gate: none, Residual: none}
		equal(t, c, l.run(t, s, c.Rows, 1, c.C, scale, shift), want)
	}
}

// activated applies k to x by the emitted kernel.
func activated(t *testing.T, k activation.Kind, x []float32) []float32 {
	var l layer
	s := plan.Step{Op: plan.Norm, Act: k, In: l.value(x, len(x), 1, 1), Gate: none, Residual: none}
	return l.run(t, s, len(x), 1, 1, []float32{1}, []float32{0})
}

// The error that the kernel's comment states, and what it does far out.
func TestActivationError(t *testing.T) {
	var xs []float32
	for x := float32(-130); x <= 130; x += 1.0 / 64 {
		xs = append(xs, x, x+0.003)
	}
	for e := -30; e < 30; e++ {
		xs = append(xs, float32(math.Ldexp(1.3, e)), -float32(math.Ldexp(1.3, e)))
	}
	xs = append(xs, 0, math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)))
	for _, k := range []activation.Kind{activation.SiLU, activation.ReLU, activation.Sigmoid} {
		worst, at := 0.0, float32(0)
		for i, got := range activated(t, k, xs) {
			x := xs[i]
			want := float64(k.Apply(x))
			allowed := 1.0 // in units of the stated error
			if k == activation.SiLU {
				allowed = max(1, math.Abs(float64(x)))
			}
			if math.IsInf(want, 0) {
				if !math.IsInf(float64(got), 0) {
					t.Errorf("%s(%v) is %v, want %v", k, x, got, want)
				}
				continue
			}
			if d := math.Abs(float64(got)-want) / allowed; !(d <= worst) {
				worst, at = d, x
			}
		}
		t.Logf("%s: largest error %.3g at %v", k, worst, at)
		if !(worst <= 1e-6) {
			t.Errorf("%s(%v) is off by %.3g, want at most 1e-6", k, at, worst)
		}
	}
}

// What is not a number must reach the engine, which refuses it.
func TestActivationKeepsNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, k := range []activation.Kind{activation.None, activation.SiLU, activation.ReLU, activation.Sigmoid} {
		var l layer
		x := []float32{1, nan, 2}
		s := plan.Step{Op: plan.Norm, Act: k, In: l.value(x, 3, 1, 1), Gate: none, Residual: none}
		s.Name, s.W, s.B, s.W2, s.B2 = "layer", 0, 1, none, none
		l.Weights = []tensor.Float32{weight([]float32{1}), weight([]float32{0})}
		s.Out = l.value([]float32{}, 3, 1, 1)
		l.Steps, l.Outputs = []plan.Step{s}, []plan.Output{{Name: "y", Value: s.Out}}
		image, err := lay(&l.Plan, 1)
		if err != nil {
			t.Fatal(err)
		}
		y := start(t, image, true).picture(x)[0]
		if !(y[0] == y[0] && y[1] != y[1] && y[2] == y[2]) {
			t.Errorf("%s of %v is %v", k, x, y)
		}
	}
}

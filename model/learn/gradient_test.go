package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/kernel/kerneltest"
)

// randomise draws all weights, as different from each other as a test can want.
func randomise(n *Network, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for _, p := range n.Parameters {
		fan := len(p.Value) / p.Shape[0]
		for i := range p.Value {
			switch p.Role {
			case net.Weight:
				p.Value[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(fan)))
			case net.Scale:
				p.Value[i] = float32(1 + .2*r.NormFloat64())
			default:
				p.Value[i] = float32(.2 * r.NormFloat64())
			}
		}
	}
}

func oneHot(size, classes int) []float32 {
	t := make([]float32, size*classes)
	for i := range size {
		t[i*classes+i%classes] = 1
	}
	return t
}

// Every parameter's gradient must be the slope of the loss: through the loss,
// head, dropout, pools, gates, skips, batch statistics and convolutions.
func TestGradientIsTheSlope(t *testing.T) {
	const size = 5
	for _, head := range []net.Head{net.Fastai, net.Plain} {
		t.Run(string(head), func(t *testing.T) {
			n, err := New(tiny(head, 33, 8), size)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			randomise(n, 3)
			x := kerneltest.Fill(1, size*33*33*3)
			target := oneHot(size, 4)
			dlogits := make([]float32, size*4)
			loss := func() float64 {
				return CrossEntropy(dlogits, n.Forward(x, size, true, rand.New(rand.NewPCG(7, 7))), target, size)
			}
			loss()
			n.Backward(x, dlogits, size)
			checked := 0
			for _, p := range n.Parameters {
				largest := 0.0
				for _, g := range p.Grad {
					largest = max(largest, math.Abs(float64(g)))
				}
				if largest == 0 {
					t.Errorf("%s has no gradient", p.Name)
				}
				for i := 0; i < len(p.Value); i += max(1, len(p.Value)/4) {
					const d = 1.0 / 512
					was := p.Value[i]
					p.Value[i] = was + d
					up := loss()
					p.Value[i] = was - d
					down := loss()
					p.Value[i] = was
					if slope := (up - down) / (2 * d); math.Abs(float64(p.Grad[i])-slope) > 5e-4+.02*max(largest, math.Abs(slope)) {
						t.Errorf("%s[%d]: gradient %.6f, slope %.6f (largest %.6f)", p.Name, i, p.Grad[i], slope, largest)
					}
					checked++
				}
			}
			t.Logf("%d gradients of %d parameters", checked, len(n.Parameters))
		})
	}
}

// The parts of a batch may be cut in any way.
func TestPartsAgree(t *testing.T) {
	const size = 6
	x, target, dlogits := kerneltest.Fill(1, size*40*40*3), oneHot(size, 4), make([]float32, size*4)
	var want net.Params
	for _, parts := range []int{1, 2, 4} {
		n, err := newNetwork(tiny(net.Fastai, 40, 8), size, parts)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		randomise(n, 3)
		CrossEntropy(dlogits, n.Forward(x, size, true, rand.New(rand.NewPCG(7, 7))), target, size)
		n.Backward(x, dlogits, size)
		got := n.Gradients()
		if want == nil {
			want = got
		}
		for _, p := range n.Parameters {
			largest := 0.0
			for _, v := range want[p.Name].Data {
				largest = max(largest, math.Abs(float64(v)))
			}
			if largest < 1e-5 { // before a batch-norm that takes it away: all of it is rounding
				continue
			}
			kerneltest.Equal(t, got[p.Name].Data, want[p.Name].Data, 1e-3)
		}
	}
}

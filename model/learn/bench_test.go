package learn

import (
	"math/rand/v2"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/kernel/kerneltest"
)

func BenchmarkStep(b *testing.B) {
	const size = 32
	n, err := New(B3(net.Fastai, 4, 224), size)
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	if err := n.Load(net.InitRandom(net.Fastai, 4, 1)); err != nil {
		b.Fatal(err)
	}
	x, target, dlogits := kerneltest.Fill(1, size*224*224*3), oneHot(size, 4), make([]float32, size*4)
	chance := rand.New(rand.NewPCG(1, 1))
	step := func() {
		CrossEntropy(dlogits, n.Forward(x, size, true, chance), target, size)
		n.Backward(x, dlogits, size)
	}
	step() // the first one meets its memory for the first time
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "pictures/s")
}

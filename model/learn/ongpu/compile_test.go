//go:build (linux || darwin || windows) && (amd64 || arm64)

package ongpu

import (
	"os"
	"testing"

	"blastlens/model/learn"
	"blastlens/model/net"
	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/wgsl"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

// Every kernel of a training of B3 is WGSL to Chromium's compiler too, not only to
// the one that runs it.
func TestKernelsCompileInChromium(t *testing.T) {
	n, err := learn.New(learn.B3(net.Fastai, 4, 64), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	seen := map[string]bool{}
	var kernels []wgsl.Kernel
	for _, half := range []bool{false, true} {
		for _, software := range []bool{false, true} {
			p, err := newPlan(n, 2, half, software)
			if err != nil {
				t.Fatal(err)
			}
			for _, calls := range p.programs {
				for _, c := range calls {
					if !seen[c.kernel.Source] {
						seen[c.kernel.Source] = true
						kernels = append(kernels, c.kernel)
					}
				}
			}
		}
	}
	t.Logf("%d different kernels", len(kernels))
	kerneltest.Compile(t, kernels)
}

package learn

import (
	"fmt"

	"blastlens/model/net"
)

// tiny is a network with each kind of layer that B3 has, small enough for
// finite differences: a block without expansion, ones with stride 1 and 2, with
// and without a skip, kernels of 3 and 5.
func tiny(head net.Head, size, width int) Architecture {
	a := Architecture{
		Stem: net.Conv{Name: "conv_stem", Norm: "bn1", In: 3, Out: width, Kernel: 3, Stride: 2, Groups: 1, SiLU: true},
		Head: head, Hidden: 2 * width, Classes: 4, Size: size,
	}
	in := width
	for i, t := range []struct{ out, kernel, stride, expand int }{{width, 3, 1, 1}, {width + 4, 3, 2, 3}, {width + 4, 5, 1, 3}, {2 * width, 5, 2, 3}} {
		a.Blocks = append(a.Blocks, net.Block{
			Name: fmt.Sprintf("blocks.%d.0", i), Stage: i, In: in, Mid: in * t.expand, Out: t.out, Squeezed: max(1, in/4), Kernel: t.kernel, Stride: t.stride,
		})
		in = t.out
	}
	a.Last = net.Conv{Name: "conv_head", Norm: "bn2", In: in, Out: 4 * width, Kernel: 1, Stride: 1, Groups: 1, SiLU: true}
	return a
}

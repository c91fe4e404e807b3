package ongpu

import (
	"testing"

	"blastlens/model/learn"
	"blastlens/model/net"
)

// A batch of 64 at 224 pixels must fit a GPU of 8 GB, by the plan alone.
func TestPlannedMemory(t *testing.T) {
	n, err := learn.New(learn.B3(net.Fastai, 4, 224), 64)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	const most = 2 << 30 // bytes of a binding, as GPUs have it
	var bytes [2]int64
	for i, half := range []bool{false, true} {
		p, err := newPlan(n, 64, half, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.check(most); err != nil {
			t.Error(err)
		}
		bytes[i] = p.bytes()
		t.Logf("half precision %v: %.2f GB, %d kernels a step", half, float64(bytes[i])/1e9, len(p.programs[free]))
	}
	if bytes[0] > 7.5e9 || bytes[1] > 4.5e9 || bytes[1] > bytes[0]*2/3 {
		t.Errorf("%d bytes in float32 and %d in mixed precision", bytes[0], bytes[1])
	}
	for _, c := range []struct {
		limit int64
		want  bool
	}{{bytes[0], true}, {bytes[0] / 2, true}, {1 << 20, false}} {
		fit := largest(n, 65, false, c.limit, most)
		if (fit > 1) != c.want {
			t.Errorf("within %d bytes fits a batch of %d", c.limit, fit)
		}
		for batch, fits := range map[int]bool{fit: true, fit + 1: false} {
			if b, err := Bytes(n, batch, false); fit > 0 && (err != nil || (b <= c.limit) != fits) {
				t.Errorf("a batch of %d takes %d bytes (%v), of %d; %d was to be the largest", batch, b, err, c.limit, fit)
			}
		}
	}
}

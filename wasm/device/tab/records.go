package tab

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

func bits(word int) float32 { return math.Float32frombits(uint32(word)) }

// step appends the records of one step.
func (im *Image) step(i int, s plan.Step) error {
	in, out := im.plan.Values[s.In], im.plan.Values[s.Out]
	inRows, outRows := in.H*in.W, out.H*out.W
	r := Record{Step: i}
	r.set(blocked.Act, s.Act.Code())
	r.set(blocked.X, im.values[s.In])
	r.set(blocked.Y, im.values[s.Out])
	r.set(blocked.XStride, blocked.Stride(inRows))
	r.set(blocked.YStride, blocked.Stride(outRows))
	r.set(blocked.Planes8, blocked.Planes(out.C))

	switch s.Op {
	case plan.Stem:
		if s.In != im.plan.Input {
			return fmt.Errorf("reads %s, want the picture: %w", in.Name, device.ErrUnavailable)
		}
		r.Kernel, r.MACs = "stem", outRows*27*out.C
		r.set(blocked.Op, blocked.OpStem)
		r.set(blocked.X, im.picture)
		r.set(blocked.Pitch, pitch(in.W))
		r.set(blocked.OutH, out.H)
		r.set(blocked.OutW, out.W)
		r.set(blocked.W, im.taps(s.W, 27, out.C))
		r.set(blocked.B, im.taps(s.B, 1, out.C))
		r.set(blocked.RowsItem, stemRows)
		r.set(blocked.Items, ceil(out.H, stemRows))
	case plan.Pointwise, plan.Dense:
		im.pointwise(&r, outRows, s.W, s.B, in.C, out.C, s.Gate, s.Residual)
	case plan.Depthwise:
		im.depthwise(&r, s, in, out)
	case plan.Squeeze:
		im.squeeze(r, s, in, out)
		return nil
	case plan.Pool:
		im.pool(&r, in, s.Pool)
	case plan.Norm:
		r.Kernel, r.MACs = "norm", outRows*out.C
		r.set(blocked.Op, blocked.OpNorm)
		r.set(blocked.Rows, outRows)
		r.set(blocked.W, im.taps(s.W, 1, out.C))
		r.set(blocked.B, im.taps(s.B, 1, out.C))
		r.set(blocked.Items, blocked.Planes(out.C))
	default:
		return errors.New("no kernel for this operation")
	}
	im.Records = append(im.Records, r)
	return nil
}

func ceil(n, of int) int { return (n + of - 1) / of }

const (
	// stemRows is the output rows of an item of stem.
	stemRows = 2
	// blockBytes bounds the input of the rows that go through all panels before
	// the next rows: they stay in the first-level cache beside a panel.
	blockBytes = 24 << 10
	// panelRows: up to this many rows, threads share out the panels, not the rows,
	// so that each reads only its part of the weights. Each panel then serves one
	// block of rows alone, and stays in 8 bits, if the model has it so, until then.
	panelRows = 256
	// panelItems is how many items such a layer becomes.
	panelItems = 16
	// chunkBytes bounds the output of an item of depthwise, which the activation
	// goes over once more.
	chunkBytes = 24 << 10
)

// pointwise completes r for x [rows,c] · w [c,m].
func (im *Image) pointwise(r *Record, rows, w, b, c, m, gate, residual int) {
	r.Kernel, r.MACs = "pointwise", rows*c*m
	depth, panels := blocked.Planes(c), blocked.Planes(m)
	block, group := rows, ceil(panels, panelItems)
	if rows > panelRows {
		block, group = min(rows, max(1, blockBytes/(depth*blocked.PixelBytes)/blocked.TileRows)*blocked.TileRows), panels
	}
	gated := 0 // bytes of a thread's scratch
	r.set(blocked.Op, blocked.OpPointwise)
	r.set(blocked.B, im.taps(b, 1, m))
	r.set(blocked.Rows, rows)
	r.set(blocked.RowsItem, block)
	r.set(blocked.Groups, ceil(panels, group))
	r.set(blocked.PerGroup, group)
	r.set(blocked.Depth, depth)
	r.set(blocked.Items, ceil(rows, block)*ceil(panels, group))
	if gate != plan.None {
		r.set(blocked.Gate, im.values[gate])
		gated = block * depth * blocked.PixelBytes
		im.scratch = max(im.scratch, gated)
	}
	if rows <= panelRows && im.plan.Quantised(w) {
		im.bytePanels(r, w, c, m, blocked.ScratchHead+gated)
	} else {
		im.panels(r, w, c, m)
	}
	if residual != plan.None {
		r.set(blocked.Residual, im.values[residual])
	}
}

func (im *Image) depthwise(r *Record, s plan.Step, in, out plan.Value) {
	planes := blocked.Planes(out.C)
	row := (in.W + s.Kernel/2*2) * blocked.PixelBytes
	chunk := min(out.H, max(1, chunkBytes/(out.W*blocked.PixelBytes)))
	sums := summed{im.take(ceil(out.H, chunk) * planes * blocked.PixelBytes), ceil(out.H, chunk)}
	im.sums[s.Out] = sums
	im.scratch = max(im.scratch, s.Kernel*row)
	r.Kernel, r.MACs = fmt.Sprintf("depthwise %dx%d stride %d", s.Kernel, s.Kernel, s.Stride), out.H*out.W*s.Kernel*s.Kernel*out.C
	r.set(blocked.Op, blocked.DepthwiseOp(s.Kernel, s.Stride))
	r.set(blocked.W, im.taps(s.W, s.Kernel*s.Kernel, out.C))
	r.set(blocked.B, im.taps(s.B, 1, out.C))
	r.set(blocked.Height, in.H)
	r.set(blocked.Width, in.W)
	r.set(blocked.OutH, out.H)
	r.set(blocked.OutW, out.W)
	r.set(blocked.Pitch, row)
	r.set(blocked.RowsItem, chunk)
	r.set(blocked.Chunks, sums.chunks)
	r.set(blocked.Sums, sums.at)
	r.set(blocked.Items, sums.chunks*planes)
}

// squeeze appends three records: means, and the two layers of one row.
func (im *Image) squeeze(r Record, s plan.Step, in, out plan.Value) {
	mean := r
	mean.set(blocked.Y, im.mean)
	if sums := im.sums[s.In]; sums.chunks > 0 {
		mean.Kernel = "mean"
		mean.set(blocked.Op, blocked.OpMean)
		mean.set(blocked.Sums, sums.at)
		mean.set(blocked.Chunks, sums.chunks)
		mean.set(blocked.Scale, int(math.Float32bits(1/float32(in.H*in.W))))
		mean.set(blocked.Items, 1)
	} else {
		im.pool(&mean, in, pool.Avg)
	}
	hidden, gate := r, r
	hidden.set(blocked.Act, activation.SiLU.Code())
	hidden.set(blocked.X, im.mean)
	hidden.set(blocked.Y, im.hidden)
	gate.set(blocked.Act, activation.Sigmoid.Code())
	gate.set(blocked.X, im.hidden)
	n := tensor.Len(im.plan.Weights[s.B].Shape)
	for _, layer := range []*Record{&hidden, &gate} {
		layer.set(blocked.XStride, blocked.Stride(1))
		layer.set(blocked.YStride, blocked.Stride(1))
	}
	hidden.set(blocked.Planes8, blocked.Planes(n))
	im.pointwise(&hidden, 1, s.W, s.B, in.C, n, plan.None, plan.None)
	im.pointwise(&gate, 1, s.W2, s.B2, n, out.C, plan.None, plan.None)
	hidden.Kernel, gate.Kernel = "squeeze", "squeeze"
	im.Records = append(im.Records, mean, hidden, gate)
}

func (im *Image) pool(r *Record, in plan.Value, kind pool.Kind) {
	r.Kernel, r.MACs = "pool", in.Len()
	r.set(blocked.Op, blocked.OpPool)
	r.set(blocked.Rows, in.H*in.W)
	r.set(blocked.Planes8, blocked.Planes(in.C))
	r.set(blocked.Scale, int(math.Float32bits(1/float32(in.H*in.W))))
	if kind == pool.MaxAvg {
		r.set(blocked.Average, 4*in.C)
	}
	r.set(blocked.Items, 1)
}

// panels sets where r finds weight i, a matrix [c,m], in panels of float32.
func (im *Image) panels(r *Record, i, c, m int) {
	r.set(blocked.W, im.pack(i, 0, blocked.PanelFloats(c, m), func(to []float32) error {
		w, err := im.weight(i)
		if err == nil {
			blocked.Panels(to, w, c, m)
		}
		return err
	}))
}

// bytePanels sets where r finds weight i, a matrix [c,m], in panels of 8-bit
// integers, with their scales, and wide as the place in a thread's scratch where a
// panel becomes float32.
func (im *Image) bytePanels(r *Record, i, c, m, wide int) {
	inner, outer := blocked.Planes(c)*blocked.Lanes, blocked.Planes(m)*blocked.Lanes
	q := blocked.PanelFloats(c, m) / 4
	at := im.pack(i, 2, q+outer+inner, func(to []float32) error {
		w, err := im.plan.Int8(i)
		if err != nil {
			return err
		}
		blocked.Panels(bytes(to[:q]), w.Q, c, m)
		copy(to[q:], w.Columns)
		rows := to[q+outer:]
		for k := range c {
			rows[k] = 1
		}
		copy(rows, w.Rows)
		return nil
	})
	r.set(blocked.W, at)
	r.set(blocked.Columns, at+4*q)
	r.set(blocked.RowScales, at+4*(q+outer))
	r.set(blocked.Wide, wide)
	im.scratch = max(im.scratch, wide-blocked.ScratchHead+inner*blocked.PixelBytes)
}

// taps is the address of weight i [taps,c] in panels: kernels of depthwise and
// stem, and with one tap biases.
func (im *Image) taps(i, taps, c int) int {
	return im.pack(i, 1, blocked.TapFloats(taps, c), func(to []float32) error {
		w, err := im.weight(i)
		if err == nil {
			blocked.Taps(to, w, taps, c)
		}
		return err
	})
}

func (im *Image) pack(i, kind, floats int, lay func(to []float32) error) int {
	key := [2]int{i, kind}
	if at, ok := im.shared[key]; ok {
		return at
	}
	at := im.take(4 * floats)
	im.shared[key] = at
	im.packed = append(im.packed, packed{at, floats, lay})
	return at
}

// bytes are the memory of x: WebAssembly is little-endian.
func bytes(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

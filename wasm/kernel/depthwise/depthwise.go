// Package depthwise is the KxK convolution of each channel by itself, NHWC,
// symmetric zero padding K/2 as in timm's efficientnet_b3.
package depthwise

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/scratch"
)

// Shape of one call: x [H,W,C], w [K,K,C], b [C] -> y [OutH,OutW,C]. K is 3 or 5, Stride 1 or 2.
type Shape struct{ H, W, C, K, Stride int }

// OutH is the number of output rows.
func (s Shape) OutH() int { return (s.H-1)/s.Stride + 1 }

// OutW is the number of output columns.
func (s Shape) OutW() int { return (s.W-1)/s.Stride + 1 }

// Implementation names the code that Run chooses: "simd-512", "simd-256",
// "simd-128" or "scalar".
func Implementation() string { return lanes.Name() }

const (
	// block is how many channels are computed together: the widest vector, and
	// one cache line of the map for each pixel.
	block = 16
	// tile is how many output columns share their inputs and weights.
	tile = 4
	// stripBytes bounds the padded input rows that are copied at once, so that
	// they stay in the second-level cache with the output rows.
	stripBytes = 128 << 10
)

// Run computes y from x. The map is cut into strips of rows and blocks of
// channels; the input of each is copied once into a dense buffer with its zero
// padding, so that the inner loops know neither edges nor odd channel counts.
func Run(y, x, w, b []float32, s Shape, act activation.Kind, threads *parallel.Pool) {
	padded{Shape: s}.convolve(y, x, w, b, act, threads)
}

// Prologue is what is done to x where it is read, act(x*Scale + Shift) with
// Scale [C] and Shift [C]: batch-norm and activation of the layer before, whose
// map then need not be written. The padding stays zero.
type Prologue struct {
	Scale, Shift []float32
	Act          activation.Kind
}

// RunAfter is Run on what before makes of x.
func RunAfter(before *Prologue, y, x, w, b []float32, s Shape, act activation.Kind, threads *parallel.Pool) {
	padded{Shape: s, before: before}.convolve(y, x, w, b, act, threads)
}

// columns is the number of output columns in whole tiles.
func (s Shape) columns() int { return (s.OutW() + tile - 1) / tile * tile }

// rowFloats is the length of a row of one block of channels, padding included.
func (s Shape) rowFloats() int { return ((s.columns()-1)*s.Stride + s.K) * block }

func (p padded) convolve(y, x, w, b []float32, act activation.Kind, threads *parallel.Pool) {
	s, columns := p.Shape, p.columns()
	p.row = p.rowFloats()
	blocks := (s.C + block - 1) / block
	stripRows := max(1, (stripBytes/(4*p.row)-s.K)/s.Stride+1)
	if threads.Threads() > 1 {
		for blocks*((s.OutH()+stripRows-1)/stripRows) < 2*threads.Threads() && stripRows > 4 {
			stripRows /= 2
		}
	}
	stripRows = min(stripRows, s.OutH())
	strips := (s.OutH() + stripRows - 1) / stripRows
	threads.Split(strips*blocks, func(lo, hi int) {
		buffer := scratch.Get(((stripRows-1)*s.Stride+s.K)*p.row + (s.K*s.K+1)*block + columns*block)
		defer buffer.Put()
		weights, rest := buffer.F[:s.K*s.K*block], buffer.F[s.K*s.K*block:]
		bias, rest := rest[:block], rest[block:]
		out, in := rest[:columns*block], rest[columns*block:]
		for i := lo; i < hi; i++ {
			oy0, c0 := i/blocks*stripRows, i%blocks*block
			oy1 := min(oy0+stripRows, s.OutH())
			gather(weights, w[c0:], s.K*s.K, s.C, s.C-c0)
			gather(bias, b[c0:], 1, s.C, s.C-c0)
			p.fill(in, x, oy0, oy1, c0)
			for oy := oy0; oy < oy1; oy++ {
				rows := in[(oy-oy0)*s.Stride*p.row:]
				if lanes.Bits() == 0 {
					rowScalar(out, rows, weights, bias, s.K, s.Stride, p.row)
				} else {
					rowVectors(out, rows, weights, bias, s.K, s.Stride, p.row)
				}
				act.Map(out[:s.OutW()*block])
				scatter(y[oy*s.OutW()*s.C+c0:], out, s.OutW(), s.C, s.C-c0)
			}
		}
	})
}

// padded is a block of the input with its padding: row float32 a row, of one
// block of channels a pixel.
type padded struct {
	Shape
	row int
	// dilated: the map has every second pixel of every second row only, zeros lie
	// between them.
	dilated bool
	before  *Prologue // nil leaves the map as it is
}

// fill copies the input rows of output rows oy0..oy1, channels from c0 on.
func (p padded) fill(in, x []float32, oy0, oy1, c0 int) {
	pad := p.K / 2
	var scale, shift [block]float32
	if p.before != nil {
		copy(scale[:], p.before.Scale[c0:p.C])
		copy(shift[:], p.before.Shift[c0:p.C])
	}
	for iy := oy0*p.Stride - pad; iy < (oy1-1)*p.Stride-pad+p.K; iy++ {
		row := in[:p.row]
		in = in[p.row:]
		if iy < 0 || iy >= p.H {
			clear(row)
			continue
		}
		clear(row[:pad*block])
		// The last columns of a stride of 2, or of a tile that stands over the
		// edge, may lie beyond the padding, or end before the map does.
		pixels := min(p.W, p.row/block-pad)
		if p.dilated {
			clear(row)
			if iy%2 == 0 {
				stored := (p.W + 1) / 2
				copyBlocks(row[pad*block:], x[iy/2*stored*p.C+c0:], (pixels+1)/2, 2*block, p.C, p.C-c0)
			}
			continue
		}
		gather(row[pad*block:], x[iy*p.W*p.C+c0:], pixels, p.C, p.C-c0)
		if p.before != nil {
			inner := row[pad*block : (pad+pixels)*block]
			if lanes.Bits() == 0 {
				scaleScalar(inner, &scale, &shift)
			} else {
				scaleVectors(inner, &scale, &shift)
			}
			p.before.Act.Map(inner)
		}
		clear(row[(pad+pixels)*block:])
	}
}

// gather copies n blocks of channels, stride apart in x, one after the other.
// Where fewer than a block are left, it copies those; the lanes beyond hold
// whatever they held, and nothing reads what becomes of them.
func gather(to, x []float32, n, stride, left int) { copyBlocks(to, x, n, block, stride, left) }

// scatter is the inverse of gather.
func scatter(y, from []float32, n, stride, left int) { copyBlocks(y, from, n, stride, block, left) }

// copyBlocks copies n blocks, or their first left channels, between two strides.
func copyBlocks(to, from []float32, n, toStride, fromStride, left int) {
	if left >= block && lanes.Bits() > 0 {
		copyBlocksVectors(to, from, n, toStride, fromStride)
		return
	}
	for i := range n {
		copyPart(to[i*toStride:], from[i*fromStride:], min(left, block))
	}
}

// scaleScalar is x*scale + shift on blocks of channels, in place.
func scaleScalar(x []float32, scale, shift *[block]float32) {
	for ; len(x) >= block; x = x[block:] {
		for c, v := range x[:block] {
			x[c] = v*scale[c] + shift[c]
		}
	}
}

// copyPart copies a few values, for which the built-in copy is slow.
func copyPart(to, from []float32, n int) {
	to, from = to[:n], from[:n]
	for len(to) >= 4 && len(from) >= 4 {
		*(*[4]float32)(to) = [4]float32(from)
		to, from = to[4:], from[4:]
	}
	for i := range to {
		to[i] = from[i]
	}
}

package depthwise

import (
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/lanes"
	"blastlens/wasm/kernel/parallel"
	"blastlens/wasm/kernel/scratch"
)

// RefBackward is the scalar reference of both gradients of y = conv(x, w):
// dx [H,W,C] is set, the gradient of w is added to dw [K,K,C]. Either may be nil.
func RefBackward(dx, dw, x, w, dy []float32, s Shape) {
	pad := s.K / 2
	sumX, sumW := make([]float64, s.H*s.W*s.C), make([]float64, s.K*s.K*s.C)
	for oy := range s.OutH() {
		for ox := range s.OutW() {
			for ky := range s.K {
				iy := oy*s.Stride + ky - pad
				if iy < 0 || iy >= s.H {
					continue
				}
				for kx := range s.K {
					ix := ox*s.Stride + kx - pad
					if ix < 0 || ix >= s.W {
						continue
					}
					for c := range s.C {
						g, at, tap := float64(dy[(oy*s.OutW()+ox)*s.C+c]), (iy*s.W+ix)*s.C+c, (ky*s.K+kx)*s.C+c
						sumX[at] += g * float64(w[tap])
						sumW[tap] += g * float64(x[at])
					}
				}
			}
		}
	}
	if dx != nil {
		for i, v := range sumX {
			dx[i] = float32(v)
		}
	}
	if dw != nil {
		for i, v := range sumW {
			dw[i] += float32(v)
		}
	}
}

// InputGradient computes dx [H,W,C] from dy [OutH,OutW,C]: the convolution of dy
// with the kernel turned by half. With stride 2, zeros stand between dy's pixels.
func InputGradient(dx, dy, w []float32, s Shape, threads *parallel.Pool) {
	buffer := scratch.Get((s.K*s.K + 1) * s.C)
	defer buffer.Put()
	turned, zeros := buffer.F[s.C:], buffer.F[:s.C]
	clear(zeros)
	for tap := range s.K * s.K {
		copy(turned[tap*s.C:(tap+1)*s.C], w[(s.K*s.K-1-tap)*s.C:])
	}
	back := s
	back.Stride = 1
	padded{Shape: back, dilated: s.Stride == 2}.convolve(dx, dy, turned, zeros, activation.None, threads)
}

// AddWeightGradient adds the gradient of w to dw [K,K,C], on the caller's thread.
// The input is what before makes of x, or x where it is nil.
func AddWeightGradient(before *Prologue, dw, x, dy []float32, s Shape) {
	p := padded{Shape: s, row: s.rowFloats(), before: before}
	stripRows := min(max(1, (stripBytes/(4*p.row)-s.K)/s.Stride+1), s.OutH())
	taps := s.K * s.K
	buffer := scratch.Get(((stripRows-1)*s.Stride+s.K)*p.row + taps*block + s.OutW()*block)
	defer buffer.Put()
	sums, rest := buffer.F[:taps*block], buffer.F[taps*block:]
	out, in := rest[:s.OutW()*block], rest[s.OutW()*block:]
	for c0 := 0; c0 < s.C; c0 += block {
		clear(sums)
		if s.C-c0 < block {
			clear(out) // gather leaves the lanes beyond the last channel as they are
			clear(in)
		}
		for oy0 := 0; oy0 < s.OutH(); oy0 += stripRows {
			oy1 := min(oy0+stripRows, s.OutH())
			p.fill(in, x, oy0, oy1, c0)
			for oy := oy0; oy < oy1; oy++ {
				gather(out, dy[oy*s.OutW()*s.C+c0:], s.OutW(), s.C, s.C-c0)
				rows := in[(oy-oy0)*s.Stride*p.row:]
				if lanes.Bits() == 0 {
					weightRowScalar(sums, rows, out, s.K, s.Stride, p.row)
				} else {
					weightRowVectors(sums, rows, out, s.K, s.Stride, p.row)
				}
			}
		}
		n := min(block, s.C-c0)
		for tap := range taps {
			to := dw[tap*s.C+c0:][:n]
			for i := range to {
				to[i] += sums[tap*block+i]
			}
		}
	}
}

// weightRowScalar adds the products of one output row's gradients dy [OutW][block]
// with the inputs of each tap to sums [K*K][block].
func weightRowScalar(sums, in, dy []float32, k, stride, row int) {
	for ky := range k {
		for kx := range k {
			to := sums[(ky*k+kx)*block:][:block]
			for ox := 0; ox < len(dy)/block; ox++ {
				x, g := in[ky*row+(ox*stride+kx)*block:][:block], dy[ox*block:][:block]
				for c := range to {
					to[c] += x[c] * g[c]
				}
			}
		}
	}
}

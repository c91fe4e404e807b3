// Package blocked is the memory layout that the emitted WASM kernels and the
// host that feeds them agree on: activations in planes of eight channels,
// weights in panels of eight columns, one record a step.
//
// A value [H,W,C] is C/8 planes of [H*W][8]. Whatever a kernel reads next then
// stands at a constant offset from what it reads now, whatever C is, and it
// needs neither packing nor edges for odd channel counts: the last plane is
// filled up with channels whose weights are 0.
package blocked

// Lanes is the number of channels of a plane, and of columns of a panel.
const Lanes = 8

// PixelBytes is the size of a pixel in a plane.
const PixelBytes = 4 * Lanes

// TileRows is how many rows a tile of pointwise has. Five rows of eight columns
// are ten sums, which with two vectors of weights, a value in passing and a
// product fill the registers of x86.
const TileRows = 5

// Planes is how many planes hold c channels.
func Planes(c int) int { return (c + Lanes - 1) / Lanes }

// Stride is the number of bytes from one plane of rows pixels to the next. A
// single pixel's planes lie next to each other: it is a plain vector. The
// others are an odd number of cache lines apart, lest the planes of one pixel
// fall into the same set of the cache and drive each other out.
func Stride(rows int) int {
	if rows == 1 {
		return PixelBytes
	}
	const line = 64
	return ((rows*PixelBytes+line-1)/line | 1) * line
}

// Size is the number of bytes of rows pixels of c channels. Half a plane is
// added, which a kernel may write beyond the last channel.
func Size(rows, c int) int { return Planes(c)*Stride(rows) + PixelBytes }

// Put writes x [rows,c] as planes.
func Put(to, x []float32, rows, c int) {
	stride := Stride(rows) / 4
	for r := range rows {
		for i, v := range x[r*c : (r+1)*c] {
			to[i/Lanes*stride+r*Lanes+i%Lanes] = v
		}
	}
}

// Take reads [rows,c] from planes.
func Take(from []float32, rows, c int) []float32 {
	x, stride := make([]float32, rows*c), Stride(rows)/4
	for r := range rows {
		for i := range c {
			x[r*c+i] = from[i/Lanes*stride+r*Lanes+i%Lanes]
		}
	}
	return x
}

// Panels lays out a matrix w [c,m] as m/8 panels [c][8]. The rows of c are filled
// up to whole planes with zeros, the columns of m likewise.
func Panels[T float32 | byte](to, w []T, c, m int) {
	panel := Planes(c) * Lanes * Lanes
	for k := range c {
		row, at := w[k*m:(k+1)*m], k*Lanes
		for ; len(row) >= Lanes; row = row[Lanes:] {
			*(*[Lanes]T)(to[at:]) = [Lanes]T(row)
			at += panel
		}
		copy(to[min(at, len(to)):], row)
	}
}

// PanelFloats is the length of what Panels writes.
func PanelFloats(c, m int) int { return Planes(c) * Planes(m) * Lanes * Lanes }

// Taps lays out w [taps,c] as c/8 panels [taps][8].
func Taps(to, w []float32, taps, c int) {
	for t := range taps {
		for i, v := range w[t*c : (t+1)*c] {
			to[(i/Lanes*taps+t)*Lanes+i%Lanes] = v
		}
	}
}

// TapFloats is the length of what Taps writes.
func TapFloats(taps, c int) int { return taps * Planes(c) * Lanes }

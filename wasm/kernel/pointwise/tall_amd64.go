//go:build goexperiment.simd && go1.27

package pointwise

import (
	"unsafe"

	"blastlens/wasm/kernel/lanes"
)

// A tile of fourteen rows by two vectors of 512 bits has 28 sums, which leave
// four of the 32 registers. The compiler keeps no more than about ten sums in
// registers, so that these loops are written in assembly.
const (
	tallRows = 14
	halfRows = 7 // what is left of the 49 rows of the last maps
)

// y and x are the tile's first row, yRow and xRow what lies between two rows and
// next between two vectors of y, in bytes; w is [n][vectors], n at least 1.
//
//go:noescape
func tile14x2(y *float32, yRow, next int, x *float32, xRow int, w, bias *float32, n int)

//go:noescape
func tile14x1(y *float32, yRow int, x *float32, xRow int, w, bias *float32, n int)

//go:noescape
func tile7x2(y *float32, yRow, next int, x *float32, xRow int, w, bias *float32, n int)

//go:noescape
func tile7x1(y *float32, yRow int, x *float32, xRow int, w, bias *float32, n int)

// panelTall is panelVectors in tall tiles, all input channels at once. It
// reports false, and does nothing, where there are no such tiles.
func panelTall(p *Packed, y, x []float32, rows int, t panel) bool {
	const size = int(unsafe.Sizeof(float32(0)))
	if lanes.Bits() != 512 || rows < halfRows || p.c == 0 {
		return false
	}
	y, x = y[:rows*p.m], x[:rows*p.c]
	w, bias := &p.w[t.w : t.w+p.c*t.vectors*p.lanes][0], &p.b[t.b : t.b+t.vectors*p.lanes][0]
	yRow, xRow, next := p.m*size, p.c*size, (t.col1-t.col0)*size
	for r := 0; r < rows; {
		// The last tile ends at the last row, and may compute rows of the one
		// before again.
		n := tallRows
		if rows-r <= halfRows || rows < tallRows {
			n = halfRows
		}
		at := min(r, rows-n)
		to, from := &y[at*p.m+t.col0], &x[at*p.c]
		switch {
		case n == tallRows && t.vectors == 2:
			tile14x2(to, yRow, next, from, xRow, w, bias, p.c)
		case n == tallRows:
			tile14x1(to, yRow, from, xRow, w, bias, p.c)
		case t.vectors == 2:
			tile7x2(to, yRow, next, from, xRow, w, bias, p.c)
		default:
			tile7x1(to, yRow, from, xRow, w, bias, p.c)
		}
		r = at + n
	}
	return true
}

// Package stem is the network's first layer: a dense 3x3 convolution of the
// picture's three channels, stride 2, padding 1, NHWC.
package stem

// Shape of one call: x [H,W,3], w [3,3,3,M] (ky,kx,in,out), b [M] -> y [OutH,OutW,M].
type Shape struct{ H, W, M int }

// OutH is the number of output rows.
func (s Shape) OutH() int { return (s.H-1)/2 + 1 }

// OutW is the number of output columns.
func (s Shape) OutW() int { return (s.W-1)/2 + 1 }

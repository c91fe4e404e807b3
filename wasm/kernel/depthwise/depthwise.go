// Package depthwise is the KxK convolution of each channel by itself, NHWC,
// symmetric zero padding K/2 as in timm's efficientnet_b3.
package depthwise

// Shape of one call: x [H,W,C], w [K,K,C], b [C] -> y [OutH,OutW,C]. K is 3 or 5, Stride 1 or 2.
type Shape struct{ H, W, C, K, Stride int }

// OutH is the number of output rows.
func (s Shape) OutH() int { return (s.H-1)/s.Stride + 1 }

// OutW is the number of output columns.
func (s Shape) OutW() int { return (s.W-1)/s.Stride + 1 }

// Package tensor holds what a picture becomes before the network sees it:
// an 8-bit RGB picture, and the float32 NHWC values made from it. The same
// code serves training, the native command and the tab.
package tensor

import "fmt"

// RGB8 is a picture: H rows of W pixels, three bytes (red, green, blue) each.
type RGB8 struct {
	W, H int
	Pix  []uint8 // len = 3*W*H
}

// NewRGB8 returns a black picture of w x h pixels.
func NewRGB8(w, h int) RGB8 { return RGB8{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// Float32 is a dense float32 array, last axis fastest. Activations are
// [H W C] (batch one, NHWC); weights are named in package plan.
type Float32 struct {
	Name  string
	Shape []int
	Data  []float32
}

// Len is the number of elements that a shape holds.
func Len(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Check reports a shape that does not match its data.
func (t Float32) Check() error {
	if Len(t.Shape) != len(t.Data) {
		return fmt.Errorf("tensor %s: shape %v holds %d values, have %d", t.Name, t.Shape, Len(t.Shape), len(t.Data))
	}
	return nil
}

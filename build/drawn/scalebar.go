package drawn

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
)

// redCellMicrons is the usual diameter of a red cell.
const redCellMicrons = 7.5

// label spells "10 µm" in cells of 1x1; rows of bits, the left one highest.
var label = []struct {
	wide int
	rows [7]uint8
}{
	{3, [7]uint8{0b010, 0b110, 0b010, 0b010, 0b111}},
	{3, [7]uint8{0b111, 0b101, 0b101, 0b101, 0b111}},
	{1, [7]uint8{}},
	{4, [7]uint8{0, 0b1001, 0b1001, 0b1001, 0b1110, 0b1000, 0b1000}},
	{5, [7]uint8{0, 0b11110, 0b10101, 0b10101, 0b10101}},
}

// scaleBar burns a bar of ten microns into the lower right corner, as cameras
// do; red is the radius of a red cell in pixels.
func scaleBar(img *image.RGBA, red float64, optics *rand.Rand) {
	size := img.Rect.Dx()
	dot := max(1, (size+112)/224)
	long := int(10 * 2 * red / redCellMicrons)
	wide, high := max(long, 20*dot)+6*dot, 14*dot
	box := image.Rect(size-wide-2*dot, size-high-2*dot, size-2*dot, size-2*dot)
	ink := color.RGBA{20, 20, 24, 255}
	if optics.Float64() < .5 {
		draw.Draw(img, box, image.White, image.Point{}, draw.Src)
	} else if optics.Float64() < .5 {
		ink = color.RGBA{190, 20, 40, 255}
	}
	mark := func(r image.Rectangle) { draw.Draw(img, r, image.NewUniform(ink), image.Point{}, draw.Src) }
	barY := box.Max.Y - 3*dot
	mark(image.Rect(box.Min.X+(wide-long)/2, barY, box.Min.X+(wide+long)/2, barY+dot))
	x, y := box.Min.X+(wide-20*dot)/2, box.Min.Y+2*dot
	for _, g := range label {
		for row, bits := range g.rows {
			for col := range g.wide {
				if bits>>(g.wide-1-col)&1 == 1 {
					mark(image.Rect(x+col*dot, y+row*dot, x+(col+1)*dot, y+(row+1)*dot))
				}
			}
		}
		x += (g.wide + 1) * dot
	}
}

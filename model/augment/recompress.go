package augment

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// recompress saves p as a JPEG of a quality in the interval and opens it again.
func recompress(p tensor.RGB8, quality [2]float64, r *rand.Rand) tensor.RGB8 {
	return throughJPEG(p, int(math.Round(between(quality[0], quality[1], r))))
}

func throughJPEG(p tensor.RGB8, quality int) tensor.RGB8 {
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		from, to := p.Pix[3*i:][:3], img.Pix[4*i:][:4]
		to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 255
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(fmt.Sprintf("augment: a picture of %d x %d pixels is no JPEG: %v", p.W, p.H, err)) // larger than 65535 a side
	}
	decoded, err := jpeg.Decode(&file)
	if err != nil {
		panic(fmt.Sprintf("augment: what image/jpeg wrote it cannot read: %v", err))
	}
	saved := decoded.(*image.YCbCr) // what the encoder makes of an RGBA
	out := tensor.NewRGB8(p.W, p.H)
	for y := range p.H {
		luma, chroma := saved.Y[y*saved.YStride:], saved.COffset(0, y)
		for x := range p.W {
			to := out.Pix[3*(y*p.W+x):][:3]
			at := chroma + x/2 // 4:2:0
			to[0], to[1], to[2] = color.YCbCrToRGB(luma[x], saved.Cb[at], saved.Cr[at])
		}
	}
	return out
}

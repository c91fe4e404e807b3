package intake

import (
	"image"
	"image/color"

	"blastlens/wasm/tensor"
)

// toRGB copies img, laid on white where it is transparent, and reports whether
// any of it was.
func toRGB(img image.Image) (rgb tensor.RGB8, transparent bool) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	rgb = tensor.NewRGB8(w, h)
	opacity := uint8(255)
	for y := range h {
		out := rgb.Pix[3*w*y : 3*w*(y+1)]
		switch img := img.(type) {
		case *image.YCbCr:
			for x := range w {
				i, j := img.YOffset(b.Min.X+x, b.Min.Y+y), img.COffset(b.Min.X+x, b.Min.Y+y)
				out[3*x], out[3*x+1], out[3*x+2] = color.YCbCrToRGB(img.Y[i], img.Cb[j], img.Cr[j])
			}
		case *image.Gray:
			for x, v := range img.Pix[y*img.Stride:][:w] {
				out[3*x], out[3*x+1], out[3*x+2] = v, v, v
			}
		case *image.RGBA: // premultiplied: what is missing to full opacity is white
			for x := range w {
				p := img.Pix[y*img.Stride+4*x:][:4]
				out[3*x], out[3*x+1], out[3*x+2] = p[0]+255-p[3], p[1]+255-p[3], p[2]+255-p[3]
				opacity &= p[3]
			}
		case *image.NRGBA:
			for x := range w {
				p := img.Pix[y*img.Stride+4*x:][:4]
				out[3*x], out[3*x+1], out[3*x+2] = onWhite(p[0], p[3]), onWhite(p[1], p[3]), onWhite(p[2], p[3])
				opacity &= p[3]
			}
		default:
			for x := range w {
				p := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
				out[3*x], out[3*x+1], out[3*x+2] = onWhite(p.R, p.A), onWhite(p.G, p.A), onWhite(p.B, p.A)
				opacity &= p.A
			}
		}
	}
	return rgb, opacity != 255
}

func onWhite(v, alpha uint8) uint8 {
	return uint8((int(v)*int(alpha) + 255*(255-int(alpha)) + 127) / 255)
}

// grey reports a picture in which no pixel has a colour.
func grey(p tensor.RGB8) bool {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		if p.Pix[i] != p.Pix[i+1] || p.Pix[i] != p.Pix[i+2] {
			return false
		}
	}
	return true
}

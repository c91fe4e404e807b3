package data

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
)

// colourMode names the colours that a file of a readable picture stores:
// "grey", "palette", "RGB", or "RGB with opacity". Only the header is read.
func colourMode(raw []byte) string {
	config, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return "unknown"
	}
	if _, ok := config.ColorModel.(color.Palette); ok {
		return "palette"
	}
	switch config.ColorModel {
	case color.GrayModel:
		return "grey"
	case color.NRGBAModel:
		return "RGB with opacity"
	}
	return "RGB" // a JPEG's YCbCr too
}

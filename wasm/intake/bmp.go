package intake

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/image/bmp"
)

// inspectBMP leaves the structure, which is one header and the rows, to the decoder.
func inspectBMP(data []byte) (header, error) {
	c, err := bmp.DecodeConfig(bytes.NewReader(data))
	switch {
	case err == nil:
		return header{width: c.Width, height: c.Height}, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return header{}, refuse(ErrTruncated, "the BMP ends in its header", adviceAgain)
	case errors.Is(err, bmp.ErrUnsupported):
		return header{}, refuse(ErrUnsupported, "a BMP that is compressed or of an unusual depth, which is not read", adviceSave)
	}
	return header{}, refuse(ErrDamaged, "the BMP cannot be read ("+err.Error()+")", adviceAgain)
}

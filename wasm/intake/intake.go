// Package intake turns the bytes of a file into an RGB picture, upright and
// whole, or says in words why not and what to do. Its limits are checked on
// the header, before anything is allocated for pixels.
package intake

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"

	"blastlens/wasm/tensor"
)

// Limits of one file. A baseline JPEG at MaxPixels takes about 600 MB while it
// is read; a progressive one keeps its coefficients, three times as much a
// pixel, so it may hold fewer.
const (
	MaxBytes             = 64 << 20
	MaxPixels            = 100_000_000
	MaxProgressivePixels = 40_000_000
	MinSide              = 64 // pixels; less is not a field of a smear
)

// Picture is a decoded file.
type Picture struct {
	RGB    tensor.RGB8
	Format string   // "JPEG", "PNG", "BMP"
	Notes  []string // what was done to it that the reader should know
}

// header is what a format's inspect learns without decoding.
type header struct {
	width, height int
	progressive   bool
	orientation   int // EXIF, 1 to 8; 0 where the file has none
}

// format is one that Decode reads. inspect walks the file's structure and
// refuses what decode would accept in silence. No file of the format holds more
// than density pixels in a byte: a header that claims more lies, and is refused
// before memory is taken for it.
type format struct {
	name    string
	magic   string
	density int64
	inspect func(data []byte) (header, error)
	decode  func(r io.Reader) (image.Image, error)
}

// Decode reads a picture; name is only for the messages. Every error is a *Refusal.
func Decode(name string, data []byte) (Picture, error) {
	p, err := decode(data)
	if err != nil {
		var r *Refusal
		if !errors.As(err, &r) {
			r = &Refusal{Reason: err.Error(), Advice: adviceAgain, Kind: ErrDamaged}
		}
		r.File = name
		return Picture{}, r
	}
	return p, nil
}

func decode(data []byte) (p Picture, err error) {
	if len(data) == 0 {
		return p, refuse(ErrEmpty, "the file is empty", adviceAgain)
	}
	if len(data) > MaxBytes {
		return p, refuse(ErrTooLarge, fmt.Sprintf("the file is larger than %d MiB", MaxBytes>>20), "save one field as a JPEG")
	}
	f, err := sniff(data)
	if err != nil {
		return p, err
	}
	h, err := f.inspect(data)
	if err != nil {
		return p, err
	}
	if err := h.check(); err != nil {
		return p, err
	}
	if int64(h.width)*int64(h.height) > f.density*int64(len(data)) {
		return p, refuse(ErrTruncated, fmt.Sprintf("the %s is too short for its %d x %d pixels", f.name, h.width, h.height), adviceAgain)
	}
	img, err := f.pixels(data)
	if err != nil {
		return p, err
	}
	if b := img.Bounds(); b.Dx() != h.width || b.Dy() != h.height {
		return p, refuse(ErrDamaged, fmt.Sprintf("%s: header says %d x %d pixels, the data %d x %d", f.name, h.width, h.height, b.Dx(), b.Dy()), adviceAgain)
	}
	rgb, transparent := toRGB(img)
	p = Picture{RGB: rgb, Format: f.name}
	if h.orientation > 1 {
		p.RGB = upright(rgb, h.orientation)
		p.Notes = append(p.Notes, "turned upright by its EXIF orientation ("+strconv.Itoa(h.orientation)+")")
	}
	if transparent {
		p.Notes = append(p.Notes, "transparent parts shown on white")
	}
	if grey(rgb) {
		p.Notes = append(p.Notes, "greyscale, and the model learned from stained smears in colour")
	}
	return p, nil
}

func (h header) check() error {
	limit, kind := MaxPixels, "a picture"
	if h.progressive {
		limit, kind = MaxProgressivePixels, "a progressive JPEG"
	}
	switch {
	case h.width <= 0 || h.height <= 0:
		return refuse(ErrDamaged, fmt.Sprintf("the header says %d x %d pixels", h.width, h.height), adviceAgain)
	case int64(h.width)*int64(h.height) > int64(limit):
		return refuse(ErrTooLarge, fmt.Sprintf("%d x %d pixels, %s may have %d megapixels", h.width, h.height, kind, limit/1_000_000), "save one field, or a smaller copy")
	case min(h.width, h.height) < MinSide:
		return refuse(ErrTooSmall, fmt.Sprintf("%d x %d pixels, each side needs at least %d", h.width, h.height, MinSide), "use a picture of a whole field")
	}
	return nil
}

// pixels decodes; a decoder that panics on what it was given is a damaged
// file's fault, not the end of the process.
func (f format) pixels(data []byte) (img image.Image, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = refuse(ErrDamaged, fmt.Sprintf("%s: %v", f.name, v), adviceAgain)
		}
	}()
	img, err = f.decode(bytes.NewReader(data))
	switch {
	case err == nil:
		return img, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, refuse(ErrTruncated, "the "+f.name+" ends in the middle of its pixels", adviceAgain)
	}
	return nil, refuse(ErrDamaged, "the "+f.name+" cannot be decoded ("+err.Error()+")", adviceAgain)
}

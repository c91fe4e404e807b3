package intake

import (
	"encoding/binary"
	"fmt"
)

const (
	pngMagic  = "\x89PNG\r\n\x1a\n"
	ihdrBytes = 13
)

// inspectPNG walks the chunks up to IEND; the decoder checks their sums.
func inspectPNG(data []byte) (header, error) {
	var h header
	for pos := len(pngMagic); ; {
		if pos+12 > len(data) {
			return h, refuse(ErrTruncated, "the PNG ends before its last chunk", adviceAgain)
		}
		n := int64(binary.BigEndian.Uint32(data[pos:]))
		kind := string(data[pos+4 : pos+8])
		if first := pos == len(pngMagic); first != (kind == "IHDR") || first && n != ihdrBytes {
			return h, refuse(ErrDamaged, "the PNG's header chunk is not where it must be", adviceAgain)
		}
		if kind == "IHDR" && pos+8+ihdrBytes <= len(data) { // judged even where nothing follows it
			body := data[pos+8:]
			h.width = int(int32(binary.BigEndian.Uint32(body)))
			h.height = int(int32(binary.BigEndian.Uint32(body[4:])))
			if err := h.check(); err != nil {
				return h, err
			}
			if body[8] == 16 {
				return h, refuse(ErrDepth, "a PNG of 16 bits a channel: how bright its values are meant to be is not known", adviceSave)
			}
		}
		if int64(pos)+12+n > int64(len(data)) {
			return h, refuse(ErrTruncated, fmt.Sprintf("the PNG ends inside its %q chunk", kind), adviceAgain)
		}
		switch kind {
		case "acTL":
			return h, refuse(ErrUnsupported, "this is an animated PNG", "save one picture of it")
		case "eXIf":
			h.orientation = orientation(data[pos+8 : pos+8+int(n)])
		case "IEND":
			return h, nil
		}
		pos += 12 + int(n)
	}
}

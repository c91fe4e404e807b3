package intake

import (
	"encoding/binary"

	"blastlens/wasm/tensor"
)

// orientation reads tag 274 from EXIF data (a TIFF directory): 1 to 8, or 1
// where it is absent or makes no sense.
func orientation(tiff []byte) int {
	const tagOrientation, typeShort, entryBytes = 0x0112, 3, 12
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entryBytes {
			return 1
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[entryBytes:]
	}
	return 1
}

// upright turns p as its EXIF orientation (1 to 8) asks: 2 and 4 mirror it, 3
// turns it by half, 6 and 8 by a quarter right and left, 5 and 7 do both.
func upright(p tensor.RGB8, orientation int) tensor.RGB8 {
	w, h := p.W, p.H
	if orientation >= 5 {
		w, h = h, w
	}
	// Pixel (x, y) of the result is pixel start + x*right + y*down of p.
	index := func(x, y int) int { return y*p.W + x }
	var start, right, down int
	switch orientation {
	case 2:
		start, right, down = index(p.W-1, 0), -1, p.W
	case 3:
		start, right, down = index(p.W-1, p.H-1), -1, -p.W
	case 4:
		start, right, down = index(0, p.H-1), 1, -p.W
	case 5:
		start, right, down = 0, p.W, 1
	case 6:
		start, right, down = index(0, p.H-1), -p.W, 1
	case 7:
		start, right, down = index(p.W-1, p.H-1), -p.W, -1
	case 8:
		start, right, down = index(p.W-1, 0), p.W, -1
	default:
		return p
	}
	out := tensor.NewRGB8(w, h)
	for y := range h {
		for x := range w {
			from := 3 * (start + x*right + y*down)
			copy(out.Pix[3*(y*w+x):][:3], p.Pix[from:from+3])
		}
	}
	return out
}

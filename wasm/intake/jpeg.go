package intake

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// JPEG markers, ITU-T T.81 table B.1.
const (
	markerSOF0  = 0xc0 // baseline
	markerSOF1  = 0xc1 // extended sequential
	markerSOF2  = 0xc2 // progressive
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerAPP1  = 0xe1
)

const (
	coefficients = 64  // of one 8x8 block
	maxScans     = 200 // cameras write 1 to 14; more is made to keep a reader busy
)

// jpegFrame is what SOF announced and which of it the scans have brought.
type jpegFrame struct {
	header
	components []jpegComponent
	scans      int
}

type jpegComponent struct {
	id byte
	// missing[k] counts the low bits of coefficient k that no scan has brought
	// yet; unseen before the first.
	missing [coefficients]int8
}

const unseen = -1

// inspectJPEG walks the segments up to the end-of-image marker. The decoder is
// content with a progressive file whose last scans are not there (it shows a
// blurred picture), so completeness is checked here: T.81 G.1.1.1.
func inspectJPEG(data []byte) (header, error) {
	var f jpegFrame
	pos := 2
	for {
		marker, next, ok := nextMarker(data, pos)
		if !ok {
			return header{}, refuse(ErrTruncated, "the JPEG ends before its end-of-image mark", adviceAgain)
		}
		pos = next
		switch {
		case marker == markerEOI:
			return f.header, f.complete()
		case marker >= markerRST0 && marker <= markerRST7:
			continue
		}
		if pos+2 > len(data) {
			return header{}, refuse(ErrTruncated, "the JPEG ends in a segment's length", adviceAgain)
		}
		n := int(binary.BigEndian.Uint16(data[pos:]))
		if n < 2 {
			return header{}, refuse(ErrDamaged, fmt.Sprintf("the JPEG has a segment of %d bytes", n), adviceAgain)
		}
		if pos+n > len(data) {
			return header{}, refuse(ErrTruncated, "the JPEG ends inside a segment", adviceAgain)
		}
		segment := data[pos+2 : pos+n]
		pos += n
		switch {
		case marker == markerSOF0, marker == markerSOF1, marker == markerSOF2:
			if err := f.start(segment, marker == markerSOF2); err != nil {
				return header{}, err
			}
		case marker > markerSOF2 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC:
			return header{}, refuse(ErrUnsupported, "this is a lossless or arithmetic-coded JPEG, which is not read", adviceSave)
		case marker == markerSOS:
			if err := f.scan(segment); err != nil {
				return header{}, err
			}
		case marker == markerAPP1 && f.orientation == 0:
			if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok {
				f.orientation = orientation(tiff)
			}
		}
	}
}

// nextMarker finds the marker at or after pos and the position behind it.
// Stuffed and stray bytes are passed over, as the decoder does.
func nextMarker(data []byte, pos int) (marker byte, next int, ok bool) {
	for {
		i := bytes.IndexByte(data[min(pos, len(data)):], 0xff)
		if i < 0 {
			return 0, 0, false
		}
		pos += i
		for pos < len(data) && data[pos] == 0xff {
			pos++
		}
		if pos == len(data) {
			return 0, 0, false
		}
		pos++
		if data[pos-1] != 0 {
			return data[pos-1], pos, true
		}
	}
}

func (f *jpegFrame) start(s []byte, progressive bool) error {
	if f.components != nil {
		return refuse(ErrDamaged, "the JPEG has two frames", adviceAgain)
	}
	if len(s) < 6 || len(s) != 6+3*int(s[5]) || s[5] == 0 {
		return refuse(ErrDamaged, "the JPEG's frame header has the wrong length", adviceAgain)
	}
	switch {
	case s[0] != 8:
		return refuse(ErrDepth, fmt.Sprintf("a JPEG of %d bits a channel: how bright its values are meant to be is not known", s[0]), adviceSave)
	case s[5] == 4:
		return refuse(ErrColour, "a JPEG in CMYK, the colours of print", "save it as RGB from the microscope's own picture")
	case s[5] != 1 && s[5] != 3:
		return refuse(ErrColour, fmt.Sprintf("a JPEG of %d colour channels", s[5]), "save it as RGB")
	}
	f.height = int(binary.BigEndian.Uint16(s[1:]))
	f.width = int(binary.BigEndian.Uint16(s[3:]))
	f.progressive = progressive
	f.components = make([]jpegComponent, s[5])
	for i := range f.components {
		c := &f.components[i]
		c.id = s[6+3*i]
		for k := range c.missing {
			c.missing[k] = unseen
		}
	}
	return nil
}

// scan notes what a start-of-scan header promises; that its data are all there
// is the decoder's to find.
func (f *jpegFrame) scan(s []byte) error {
	f.scans++
	if f.scans > maxScans {
		return refuse(ErrDamaged, fmt.Sprintf("the JPEG has more than %d scans", maxScans), adviceAgain)
	}
	if len(s) < 1 || len(s) != 4+2*int(s[0]) {
		return refuse(ErrDamaged, "the JPEG has a scan header of the wrong length", adviceAgain)
	}
	n := int(s[0])
	first, last := int(s[1+2*n]), int(s[2+2*n])
	high, low := int8(s[3+2*n]>>4), int8(s[3+2*n]&15)
	if !f.progressive { // these fields mean nothing there
		first, last, high, low = 0, coefficients-1, 0, 0
	}
	if first > last || last >= coefficients {
		return refuse(ErrDamaged, fmt.Sprintf("the JPEG has a scan of coefficients %d to %d", first, last), adviceAgain)
	}
	for i := range n {
		for j := range f.components {
			c := &f.components[j]
			if c.id != s[1+2*i] {
				continue
			}
			for k := first; k <= last; k++ {
				if high == 0 && c.missing[k] == unseen || high != 0 && c.missing[k] == high {
					c.missing[k] = low
				}
			}
		}
	}
	return nil
}

// complete reports a frame of which some scan never came.
func (f *jpegFrame) complete() error {
	if f.components == nil {
		return refuse(ErrTruncated, "the JPEG has no frame", adviceAgain)
	}
	for i, c := range f.components {
		absent := 0
		for _, bits := range c.missing {
			if bits != 0 {
				absent++
			}
		}
		switch {
		case absent > 0 && f.progressive:
			return refuse(ErrTruncated, fmt.Sprintf("the progressive JPEG lacks scans: %d of %d coefficients of channel %d are not complete", absent, coefficients, i+1), adviceAgain)
		case absent > 0:
			return refuse(ErrTruncated, fmt.Sprintf("the JPEG has no scan of channel %d", i+1), adviceAgain)
		}
	}
	return nil
}

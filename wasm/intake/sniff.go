package intake

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"strings"

	"golang.org/x/image/bmp"
)

// formats are those that are read. TIFF, WebP and GIF would each add to the
// engine that a tab must load, so they are named and refused instead.
var formats = []format{
	{"JPEG", "\xff\xd8", 512, inspectJPEG, jpeg.Decode}, // 64 pixels a block, a bit a block
	{"PNG", pngMagic, 8 * 1032, inspectPNG, png.Decode}, // 8 pixels a byte, deflated 1032 times
	{"BMP", "BM", 8, inspectBMP, bmp.Decode},
}

// others are files that people have in the same folder as their pictures.
// A "?" in magic matches any byte.
var others = []struct {
	offset       int
	magic        string
	name, advice string
}{
	{0, "II*\x00", "a TIFF", adviceSave},
	{0, "MM\x00*", "a TIFF", adviceSave},
	{0, "II+\x00", "a BigTIFF", adviceField},
	{0, "MM\x00+", "a BigTIFF", adviceField},
	{0, "GIF8", "a GIF", adviceSave},
	{0, "RIFF????WEBP", "a WebP", adviceSave},
	{4, "ftypavif", "an AVIF", adviceSave},
	{4, "ftypavis", "an AVIF", adviceSave},
	{4, "ftyphei", "a HEIC", "save it as JPEG; on an iPhone choose Settings, Camera, Formats, Most Compatible"},
	{4, "ftyphev", "a HEIC", adviceSave},
	{4, "ftypmif1", "a HEIF", adviceSave},
	{4, "ftypmsf1", "a HEIF", adviceSave},
	{4, "ftyp", "a video", "save a single picture as JPEG or PNG"},
	{128, "DICM", "a DICOM file", "export its picture as an 8-bit PNG, without the patient's name"},
	{0, "%PDF", "a PDF", "export the picture inside it as PNG or JPEG"},
	{0, "\x00\x00\x00\x0cjP  ", "a JPEG 2000", adviceSave},
	{0, "\x00\x00\x00\x0cJXL ", "a JPEG XL", adviceSave},
	{0, "\xff\x0a", "a JPEG XL", adviceSave},
	{0, "8BPS", "a Photoshop file", adviceSave},
	{0, "ZISRAWFILE", "a Zeiss CZI file", adviceField},
	{0, "PK\x03\x04", "a ZIP archive or an office document", "unpack it first"},
}

const adviceField = "export one field as an 8-bit JPEG or PNG"

const markupHead = 1024 // bytes in which an SVG must show its element

func sniff(data []byte) (format, error) {
	for _, f := range formats {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f, nil
		}
		if len(data) < len(f.magic) && strings.HasPrefix(f.magic, string(data)) {
			return format{}, refuse(ErrTruncated, "the "+f.name+" ends in its first bytes", adviceAgain)
		}
	}
	for _, o := range others {
		if matches(data, o.offset, o.magic) {
			return format{}, refuse(ErrUnsupported, "this is "+o.name+", which is not read", o.advice)
		}
	}
	if head := string(data[:min(len(data), markupHead)]); strings.Contains(head, "<svg") {
		return format{}, refuse(ErrUnsupported, "this is an SVG drawing, which is not read", "export it as PNG")
	}
	return format{}, refuse(ErrNotPicture, "this is not a picture", "JPEG, PNG and BMP are read")
}

func matches(data []byte, offset int, magic string) bool {
	if len(data) < offset+len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && data[offset+i] != magic[i] {
			return false
		}
	}
	return true
}

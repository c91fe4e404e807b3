package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// file reads one of the drawn pictures, 96 x 72 pixels.
func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// paint fills img with a pattern of three different channels.
func paint[T interface {
	image.Image
	Set(x, y int, c color.Color)
}](img T, alpha uint8) T {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			img.Set(x, y, color.NRGBA{uint8(2 * x), uint8(3 * y), uint8(x ^ y), alpha})
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bmpOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader is a PNG that ends after its header chunk.
func pngHeader(w, h uint32, depth, colourType byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, w)
	body = binary.BigEndian.AppendUint32(body, h)
	return append([]byte(pngMagic), chunk("IHDR", append(body, depth, colourType, 0, 0, 0))...)
}

var bounds = image.Rect(0, 0, 96, 72)

func TestDecode(t *testing.T) {
	hole := paint(image.NewPaletted(bounds, color.Palette{color.NRGBA{200, 10, 30, 255}, color.NRGBA{}}), 255)
	hole.SetColorIndex(50, 40, 1)
	tests := []struct {
		name   string
		data   []byte
		format string
		notes  []string
	}{
		{"baseline", file(t, "baseline.jpg"), "JPEG", nil},
		{"chroma subsampled", file(t, "baseline-420.jpg"), "JPEG", nil},
		{"progressive", file(t, "progressive.jpg"), "JPEG", nil},
		{"restart marks", file(t, "restart.jpg"), "JPEG", nil},
		{"bytes after the end", append(file(t, "progressive.jpg"), "a camera's trailer \xff\xd8\xff"...), "JPEG", nil},
		{"grey JPEG", file(t, "grey.jpg"), "JPEG", []string{"greyscale"}},
		{"grey progressive JPEG", file(t, "grey-progressive.jpg"), "JPEG", []string{"greyscale"}},
		{"PNG", pngOf(t, paint(image.NewNRGBA(bounds), 255)), "PNG", nil},
		{"PNG with alpha", pngOf(t, paint(image.NewNRGBA(bounds), 128)), "PNG", []string{"white"}},
		{"grey PNG", pngOf(t, paint(image.NewGray(bounds), 255)), "PNG", []string{"greyscale"}},
		{"paletted PNG", pngOf(t, paint(image.NewPaletted(bounds, color.Palette{color.NRGBA{200, 10, 30, 255}, color.NRGBA{0, 90, 200, 255}}), 255)), "PNG", nil},
		{"paletted PNG with a hole", pngOf(t, hole), "PNG", []string{"white"}},
		{"BMP", bmpOf(t, paint(image.NewRGBA(bounds), 255)), "BMP", nil},
		{"grey BMP", bmpOf(t, paint(image.NewGray(bounds), 255)), "BMP", []string{"greyscale"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode("x", tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if p.Format != tt.format || p.RGB.W != 96 || p.RGB.H != 72 || len(p.RGB.Pix) != 3*96*72 {
				t.Errorf("%s of %d x %d, want %s of 96 x 72", p.Format, p.RGB.W, p.RGB.H, tt.format)
			}
			checkNotes(t, p.Notes, tt.notes)
		})
	}
}

func checkNotes(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("notes %q, want %d about %q", got, len(want), want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("note %q, want one about %q", got[i], want[i])
		}
	}
}

// The pixels themselves, through every way that a decoder may hand them over.
func TestPixels(t *testing.T) {
	want := func(x, y int) [3]uint8 { return [3]uint8{uint8(2 * x), uint8(3 * y), uint8(x ^ y)} }
	half := func(v uint8) int { return (int(v)*128+255*127)/255 - int(v) }
	tests := []struct {
		name  string
		data  []byte
		shift func(v uint8) int // what the pixel differs by
	}{
		{"opaque PNG", pngOf(t, paint(image.NewNRGBA(bounds), 255)), func(uint8) int { return 0 }},
		{"half transparent PNG", pngOf(t, paint(image.NewNRGBA(bounds), 128)), half},
		{"BMP", bmpOf(t, paint(image.NewRGBA(bounds), 255)), func(uint8) int { return 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode("x", tt.data)
			if err != nil {
				t.Fatal(err)
			}
			for y := range 72 {
				for x := range 96 {
					for c, v := range want(x, y) {
						got := int(p.RGB.Pix[3*(y*96+x)+c])
						if d := got - int(v) - tt.shift(v); d < -1 || d > 1 {
							t.Fatalf("pixel %d,%d channel %d is %d, want %d", x, y, c, got, int(v)+tt.shift(v))
						}
					}
				}
			}
		})
	}
	// JPEG: the purple nucleus and the pale ground, drawn at these places.
	for _, name := range []string{"baseline.jpg", "baseline-420.jpg", "progressive.jpg", "restart.jpg"} {
		p, err := Decode(name, file(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []struct {
			x, y int
			want [3]int
		}{{28, 53, [3]int{80, 40, 120}}, {92, 4, [3]int{236, 224, 228}}} {
			for c := range 3 {
				got := int(p.RGB.Pix[3*(at.y*96+at.x)+c])
				if d := got - at.want[c]; d < -8 || d > 8 {
					t.Errorf("%s: pixel %d,%d channel %d is %d, want %d", name, at.x, at.y, c, got, at.want[c])
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	baseline, progressive := file(t, "baseline.jpg"), file(t, "progressive.jpg")
	picture := pngOf(t, paint(image.NewNRGBA(bounds), 255))
	patched := func(data []byte, at int, with ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[at:], with)
		return data
	}
	sof := func(data []byte) int { // position of the frame header's marker code
		return max(bytes.Index(data, []byte("\xff\xc0")), bytes.Index(data, []byte("\xff\xc2"))) + 1
	}
	sos := bytes.LastIndex(progressive, []byte("\xff\xda"))
	deep := image.NewNRGBA64(bounds)
	animated := slices.Concat(picture[:33], chunk("acTL", make([]byte, 8)), picture[33:])
	tests := []struct {
		name string
		data []byte
		kind error
		says string // in the message
	}{
		{"empty", nil, ErrEmpty, "empty"},
		{"text", []byte("patient,class\n1,Early\n"), ErrNotPicture, "not a picture"},
		{"zeros", make([]byte, 4096), ErrNotPicture, "not a picture"},
		{"one byte", []byte{0x89}, ErrTruncated, "PNG"},
		{"more bytes than are read", make([]byte, MaxBytes+1), ErrTooLarge, "64"},

		{"huge PNG header", pngHeader(30000, 30000, 8, 2), ErrTooLarge, "30000 x 30000"},
		{"negative PNG header", pngHeader(1<<31, 100, 8, 2), ErrDamaged, "pixels"},
		{"PNG header that lies", slices.Concat(pngHeader(9000, 9000, 8, 2), chunk("IDAT", make([]byte, 50)), chunk("IEND", nil)), ErrTruncated, "too short"},
		{"huge JPEG header", patched(baseline, sof(baseline)+4, 0xff, 0xff, 0xff, 0xff), ErrTooLarge, "65535 x 65535"},
		{"large progressive header", patched(progressive, sof(progressive)+4, 0x1f, 0x40, 0x1f, 0x40), ErrTooLarge, "progressive"},
		{"JPEG header that lies", patched(baseline, sof(baseline)+4, 0x1f, 0x40, 0x1f, 0x40), ErrTruncated, "too short"},
		{"huge BMP header", patched(bmpOf(t, paint(image.NewRGBA(bounds), 255)), 18, 0x30, 0x75, 0, 0, 0x30, 0x75, 0, 0), ErrTooLarge, "30000 x 30000"},
		{"small", pngOf(t, paint(image.NewNRGBA(image.Rect(0, 0, 63, 500)), 255)), ErrTooSmall, "63 x 500"},
		{"no pixels", pngHeader(0, 100, 8, 2), ErrDamaged, "0 x 100"},

		{"16-bit PNG", pngOf(t, deep), ErrDepth, "16 bits"},
		{"16-bit grey PNG", pngOf(t, image.NewGray16(bounds)), ErrDepth, "16 bits"},
		{"12-bit JPEG", patched(baseline, sof(baseline)+3, 12), ErrDepth, "12 bits"},
		{"CMYK JPEG", file(t, "cmyk.jpg"), ErrColour, "CMYK"},
		{"arithmetic-coded JPEG", patched(baseline, sof(baseline), 0xc9), ErrUnsupported, "arithmetic"},
		{"animated PNG", animated, ErrUnsupported, "animated"},

		{"progressive without its last scan", slices.Concat(progressive[:sos], []byte("\xff\xd9")), ErrTruncated, "lacks scans"},
		{"baseline without any scan", slices.Concat(baseline[:bytes.Index(baseline, []byte("\xff\xda"))], []byte("\xff\xd9")), ErrTruncated, "no scan"},
		{"JPEG without a frame", []byte("\xff\xd8\xff\xd9"), ErrTruncated, "no frame"},
		{"no end-of-image mark", baseline[:len(baseline)-2], ErrTruncated, "end-of-image"},
		{"JPEG with two frames", slices.Concat(baseline[:sof(baseline)+18], baseline[sof(baseline)-1:]), ErrDamaged, "two frames"},
		{"PNG with one flipped byte", patched(picture, 60, picture[60]^1), ErrDamaged, "PNG"},
		{"PNG without its end", picture[:len(picture)-12], ErrTruncated, "last chunk"},
		{"BMP cut", bmpOf(t, paint(image.NewRGBA(bounds), 255))[:9000], ErrTruncated, "BMP"},

		{"TIFF", []byte("II*\x00\x08\x00\x00\x00"), ErrUnsupported, "TIFF"},
		{"big-endian TIFF", []byte("MM\x00*\x00\x00\x00\x08"), ErrUnsupported, "TIFF"},
		{"GIF", []byte("GIF89a"), ErrUnsupported, "GIF"},
		{"WebP", []byte("RIFF\x10\x02\x00\x00WEBPVP8 "), ErrUnsupported, "WebP"},
		{"HEIC", []byte("\x00\x00\x00\x24ftypheic\x00\x00"), ErrUnsupported, "HEIC"},
		{"AVIF", []byte("\x00\x00\x00\x20ftypavif\x00\x00"), ErrUnsupported, "AVIF"},
		{"video", []byte("\x00\x00\x00\x20ftypisom\x00\x00"), ErrUnsupported, "video"},
		{"DICOM", append(make([]byte, 128), "DICM\x02\x00"...), ErrUnsupported, "DICOM"},
		{"PDF", []byte("%PDF-1.7\n"), ErrUnsupported, "PDF"},
		{"SVG", []byte("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), ErrUnsupported, "SVG"},
		{"Zeiss CZI", []byte("ZISRAWFILE\x00\x00"), ErrUnsupported, "CZI"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode("field 7.jpg", tt.data)
			if err == nil {
				t.Fatalf("taken as a %s of %d x %d", p.Format, p.RGB.W, p.RGB.H)
			}
			var r *Refusal
			if !errors.As(err, &r) || r.File != "field 7.jpg" || !errors.Is(err, tt.kind) {
				t.Fatalf("%v (%v), want a refusal of that file: %v", err, r.Kind, tt.kind)
			}
			if !strings.Contains(r.Reason, tt.says) {
				t.Errorf("%q does not say %q", r.Reason, tt.says)
			}
			if r.Advice == "" || !strings.HasPrefix(err.Error(), "field 7.jpg: ") || !strings.HasSuffix(r.Message(), r.Advice) {
				t.Errorf("%q names no file or gives no advice", err)
			}
		})
	}
}

// A header must not be able to take memory.
func TestHugeHeaderTakesNoMemory(t *testing.T) {
	for _, data := range [][]byte{
		pngHeader(30000, 30000, 8, 2),
		slices.Concat(pngHeader(9999, 9999, 8, 6), chunk("IDAT", make([]byte, 50)), chunk("IEND", nil)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode("x.png", data)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 1<<20 {
			t.Errorf("%d bytes allocated, error %v", n, err)
		}
	}
}

// Cut at every twentieth, and the same with an end-of-image mark put behind:
// nothing of it may pass for a picture.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"baseline.jpg", "baseline-420.jpg", "progressive.jpg", "grey.jpg", "grey-progressive.jpg", "restart.jpg", "a.png", "a.bmp"} {
		var whole []byte
		switch name {
		case "a.png":
			whole = pngOf(t, paint(image.NewNRGBA(bounds), 255))
		case "a.bmp":
			whole = bmpOf(t, paint(image.NewRGBA(bounds), 255))
		default:
			whole = file(t, name)
		}
		for percent := 0; percent < 100; percent += 5 {
			cut := whole[:len(whole)*percent/100]
			tails := []string{""}
			if strings.HasSuffix(name, ".jpg") && percent > 0 {
				tails = append(tails, "\xff\xd9")
			}
			for _, tail := range tails {
				t.Run(fmt.Sprintf("%s at %d%% %x", name, percent, tail), func(t *testing.T) {
					_, err := Decode(name, slices.Concat(cut, []byte(tail)))
					if err == nil {
						t.Fatal("passed for a picture")
					}
					if tail == "" && percent > 0 && !errors.Is(err, ErrTruncated) {
						t.Errorf("%v, want it called incomplete", err)
					}
				})
			}
		}
	}
}

package intake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"slices"
	"testing"

	"blastlens/wasm/tensor"
)

// exif is a TIFF directory with some other tag before the orientation.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	magic := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		magic = "MM\x00*"
	}
	b := order.AppendUint32([]byte(magic), 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x0100, 9}, {0x0112, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

// The letters as a camera stored them, and as a person must see them. The
// stored rows follow from the EXIF table: orientation 6, for one, has the 0th
// row at the visual right and the 0th column at the visual top.
func TestUpright(t *testing.T) {
	visual := []string{"abc", "def"}
	stored := map[int][]string{
		1: {"abc", "def"},
		2: {"cba", "fed"},
		3: {"fed", "cba"},
		4: {"def", "abc"},
		5: {"ad", "be", "cf"},
		6: {"cf", "be", "ad"},
		7: {"fc", "eb", "da"},
		8: {"da", "eb", "fc"},
	}
	for o := 1; o <= 8; o++ {
		got := upright(letters(stored[o]), o)
		if want := letters(visual); got.W != want.W || got.H != want.H || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("orientation %d: %d x %d %q", o, got.W, got.H, got.Pix)
		}
	}
}

func letters(rows []string) tensor.RGB8 {
	p := tensor.NewRGB8(len(rows[0]), len(rows))
	for y, row := range rows {
		for x := range row {
			copy(p.Pix[3*(y*p.W+x):], []byte{row[x], row[x] + 32, row[x] + 64})
		}
	}
	return p
}

// A JPEG and a PNG that carry the orientation come back turned, and say so.
func TestOrientation(t *testing.T) {
	drawn := file(t, "baseline.jpg")
	picture := pngOf(t, paint(image.NewNRGBA(bounds), 255))
	for o := 1; o <= 8; o++ {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			tiff := exif(order, uint16(o))
			app1 := append([]byte("\xff\xe1\x00"), byte(2+6+len(tiff)))
			app1 = append(append(app1, "Exif\x00\x00"...), tiff...)
			for name, pair := range map[string][2][]byte{
				"JPEG": {drawn, slices.Concat(drawn[:2], app1, drawn[2:])},
				"PNG":  {picture, slices.Concat(picture[:33], chunk("eXIf", tiff), picture[33:])},
			} {
				plain, err := Decode("plain", pair[0])
				if err != nil {
					t.Fatal(err)
				}
				got, err := Decode("turned", pair[1])
				if err != nil {
					t.Fatalf("%s %d: %v", name, o, err)
				}
				want := upright(plain.RGB, o)
				if got.RGB.W != want.W || got.RGB.H != want.H || !bytes.Equal(got.RGB.Pix, want.Pix) {
					t.Errorf("%s, orientation %d: not turned as asked", name, o)
				}
				if o == 1 {
					checkNotes(t, got.Notes, nil)
				} else {
					checkNotes(t, got.Notes, []string{fmt.Sprintf("(%d)", o)})
				}
			}
		}
	}
}

func TestOrientationOfNonsense(t *testing.T) {
	good := exif(binary.LittleEndian, 6)
	if got := orientation(good); got != 6 {
		t.Fatalf("orientation %d, want 6", got)
	}
	for n := range good[:len(good)-8] { // the last entry's padding and the link may go
		if got := orientation(good[:n]); got != 1 {
			t.Errorf("cut to %d bytes: orientation %d", n, got)
		}
	}
	for _, v := range []uint16{0, 9, 65535} {
		if got := orientation(exif(binary.BigEndian, v)); got != 1 {
			t.Errorf("value %d: orientation %d", v, got)
		}
	}
}

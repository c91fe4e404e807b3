package augment

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for spec, want := range map[string]string{
		"":                      "none",
		"none":                  "none",
		" default ":             "scalebar,flip,vflip,rot90,rotate:10,zoom:1.1,stain:0.1,light:0.2,contrast:0.2,blur:1,jpeg:40-95,cutout:0.2",
		"flip":                  "flip",
		"flip@0.5":              "flip",
		"flip@1":                "flip@1",
		"rotate":                "rotate:10",
		"rotate:2.50":           "rotate:2.5",
		"zoom:1.1@0.25":         "zoom:1.1@0.25",
		"jpeg:40-95@0.5":        "jpeg:40-95",
		"jpeg:1e1-1e2":          "jpeg:10-100",
		"blur:1@0.3, flip":      "flip,blur:1@0.3",
		"cutout,rot90,scalebar": "scalebar,rot90,cutout:0.2",
		"light:-0":              "light:0",
		"flip,rot90,rotate:10,zoom:1.1,light:0.2,stain:0.1,blur:1,jpeg:40-95,cutout:0.2,scalebar": "scalebar,flip,rot90,rotate:10,zoom:1.1,stain:0.1,light:0.2,blur:1,jpeg:40-95,cutout:0.2",
	} {
		l, err := Parse(spec)
		if err != nil || l.String() != want {
			t.Errorf("%q is read as %q (%v), want %q", spec, l, err, want)
		}
		again, err := Parse(l.String())
		if err != nil || again.String() != want {
			t.Errorf("%q does not come back: %q, %v", want, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for spec, says := range map[string]string{
		"flop":            `"flop"; there are scalebar, flip, vflip, rot90, rotate, zoom, stain, light, contrast, blur, jpeg, cutout`,
		"flip,":           `""`,
		"default,flip":    `"default"`,
		"flip,rot90,flip": "flip is there twice",
		"flip:1":          "flip takes no amount",
		"rotate:":         "rotate:: want a number from 0 to 180",
		"rotate:200":      "rotate:200: want a number from 0 to 180",
		"zoom:0.9":        "zoom:0.9: want a number from 1 to 4",
		"light:NaN":       "light:NaN",
		"blur:much":       "blur:much",
		"jpeg:40":         "jpeg:40: want an interval such as 40-95",
		"jpeg:95-40":      "ends before it begins",
		"jpeg:0-95":       "from 1 to 100",
		"flip@0":          `flip: probability "0"`,
		"flip@2":          `flip: probability "2"`,
		"flip@":           `flip: probability ""`,
	} {
		l, err := Parse(spec)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "augment: ") {
			t.Errorf("%q gave %v and %v, want an error that says %q", spec, l, err, says)
		}
	}
}

// Whatever is accepted is printed as a spec that is read as the same list.
func FuzzParse(f *testing.F) {
	for _, spec := range []string{"default", "none", "flip@0.1,jpeg:40-95", "rotate:1e-300", "zoom:1.1@.5,stain", "light:0x1p-2", "cutout:-0", "a:b@c,"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		l, err := Parse(spec)
		if err != nil {
			return
		}
		again, err := Parse(l.String())
		if err != nil {
			t.Fatalf("%q prints as %q, which is refused: %v", spec, l, err)
		}
		if len(again) != len(l) || again.String() != l.String() {
			t.Fatalf("%q prints as %q and comes back as %q", spec, l, again)
		}
		for i, transform := range l {
			if again[i].Amount != transform.Amount || again[i].Probability != transform.Probability {
				t.Fatalf("%q: %v came back as %v", spec, transform, again[i])
			}
		}
	})
}

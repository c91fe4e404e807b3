package bundle_test

import (
	"fmt";"strings"
	"math"
	"testing"
	"bytes"
	"image/jpeg"
	"os"
	"path/filepath"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/wasm/device/cpu";"blastlens/wasm/bundle"
	"blastlens/wasm/plan"
)

func TestQ(t *testing.T) {
	p := net.InitRandom(net.Pooled, 4, 1)
	if _, err := load.Into(p, net.Names(net.Pooled, 4), "../../../shared/weights/efficientnet-b4-imagenet"); err != nil {
		t.Fatal(err)
	}
	g, _ := net.Build(p, 224, net.Output{Name: "f", Head: net.Pooled})
	var xs [][]float32
	for _, c := range []string{"Benign","Early","Pre","Pro"} {
		fs, _ := filepath.Glob("../../../shared/data/all-pbs/Original/"+c+"/*.jpg")
		for _, i := range []int{0, len(fs)/2, len(fs)-1} {
			b, _ := os.ReadFile(fs[i])
			im, err := jpeg.Decode(bytes.NewReader(b)); if err != nil { t.Fatal(err) }
			x := make([]float32, 224*224*3)
			for y:=0;y<224;y++ { for z:=0;z<224;z++ { r,gg,bb,_ := im.At(z,y).RGBA()
				for k, v := range []uint32{r,gg,bb} { x[(y*224+z)*3+k] = (float32(v)/65535 - []float32{.485,.456,.406}[k])/[]float32{.229,.224,.225}[k] } } }
			xs = append(xs, x)
		}
	}
	run := func(pl *plan.Plan) [][]float32 {
		s, err := cpu.New(0).Prepare(pl)
		if err != nil { t.Fatal(err) }
		var out [][]float32
		for _, x := range xs { y, _ := s.Run(x); out = append(out, y[0]) }
		return out
	}
	pl, _ := lower.Lower(g, 224)
	base := run(pl)
	for _, sel := range []string{"conv_stem","blocks.0","blocks.1","blocks.2","blocks.3","blocks.4","blocks.5","blocks.6","conv_head"} {
		q, _ := lower.Lower(g, 224); total := 0
		for _, s := range q.Steps {
			var lim int; fmt.Sscanf(sel, "all:%d", &lim)
			do := func(w int) {
				t := &q.Weights[w]
				total += len(t.Data)
				if len(t.Data) <= lim { total += len(t.Data); d := make([]float32, len(t.Data)); for i, v := range t.Data { d[i] = bundle.FromHalf(bundle.Half(v)) }; t.Data = d; return }
				m := t.Shape[len(t.Shape)-1]
				a, sc := bundle.Quantise(t.Data, m)
				if len(sel) > 6 && sel[len(sel)-6:] == "noclip" {
					for c := range m { top := float32(0); for i := c; i < len(t.Data); i += m { top = max(top, float32(math.Abs(float64(t.Data[i])))) }
						sc[c] = bundle.Short(top/127); for i := c; i < len(t.Data); i += m { a[i] = int8(bundle.Round(t.Data[i], sc[c])) } }
				}
				d := make([]float32, len(a))
				for i := range a { d[i] = float32(a[i]) * sc[i%m] }
				t.Data = d
			}
			half := func(w int) {
				t := &q.Weights[w]; d := make([]float32, len(t.Data))
				for i, v := range t.Data { d[i] = bundle.FromHalf(bundle.Half(v)) }
				t.Data = d
			}
			all := strings.HasPrefix(s.Name, sel)
			switch s.Op {
			case plan.Stem: if sel == "stem" || all { do(s.W) }
			case plan.Pointwise: if sel == "pointwise" || all || sel == "pw-noclip" { do(s.W) }
			case plan.Depthwise: if sel == "depthwise-h" || all { half(s.W) }; if sel == "depthwise-8" { do(s.W) }
			case plan.Squeeze: if sel == "squeeze" || all { do(s.W); do(s.W2) }; if sel == "squeeze-b" || all { half(s.B); half(s.B2) }
			}
		}
		y := run(q)
		num, den := 0.0, 0.0
		for i := range y {
			// relative to deviation between pictures
			for j := range y[i] {
				mean := 0.0
				for k := range base { mean += float64(base[k][j]) / float64(len(base)) }
				num += math.Pow(float64(y[i][j]-base[i][j]), 2)
				den += math.Pow(float64(base[i][j])-mean, 2)
			}
		}
		fmt.Printf("%-12s %d %.4f\n", sel, total, math.Sqrt(num/den))
	}
}

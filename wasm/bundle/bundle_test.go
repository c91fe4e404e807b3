package bundle

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/pool"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// small is a bundle whose plan has one step of each kind that stores weights.
func small() *Bundle {
	r := rand.New(rand.NewPCG(5, 6))
	p := &plan.Plan{Outputs: []plan.Output{{Name: "smear", Value: 6}}}
	for _, v := range []struct{ h, w, c int }{{9, 9, 3}, {5, 5, 4}, {5, 5, 4}, {1, 1, 4}, {5, 5, 5}, {1, 1, 5}, {1, 1, 2}} {
		p.Values = append(p.Values, plan.Value{H: v.h, W: v.w, C: v.c})
	}
	weight := func(shape ...int) int {
		t := tensor.Float32{Name: "w" + string(rune('a'+len(p.Weights))), Shape: shape, Data: make([]float32, tensor.Len(shape))}
		for i := range t.Data {
			t.Data[i] = float32(r.NormFloat64())
		}
		p.Weights = append(p.Weights, t)
		return len(p.Weights) - 1
	}
	const none = plan.None
	p.Steps = []plan.Step{
		{Op: plan.Stem, Name: "stem", Act: activation.SiLU, Kernel: 3, Stride: 2, In: 0, Gate: none, Residual: none, Out: 1, W: weight(3, 3, 3, 4), B: weight(4), W2: none, B2: none},
		{Op: plan.Depthwise, Name: "dw", Act: activation.SiLU, Kernel: 3, Stride: 1, In: 1, Gate: none, Residual: none, Out: 2, W: weight(3, 3, 4), B: weight(4), W2: none, B2: none},
		{Op: plan.Squeeze, Name: "se", In: 2, Gate: none, Residual: none, Out: 3, W: weight(4, 2), B: weight(2), W2: weight(2, 4), B2: weight(4)},
		{Op: plan.Pointwise, Name: "pw", In: 2, Gate: 3, Residual: none, Out: 4, W: weight(4, 5), B: weight(5), W2: none, B2: none},
		{Op: plan.Pool, Name: "pool", Pool: pool.Avg, In: 4, Gate: none, Residual: none, Out: 5, W: none, B: none, W2: none, B2: none},
		{Op: plan.Dense, Name: "fc", In: 5, Gate: none, Residual: none, Out: 6, W: weight(5, 2), B: weight(2), W2: none, B2: none},
	}
	plan.Place(p)
	return &Bundle{
		Version: "test", Network: "small", Plan: p,
		Heads:      []Head{{Name: "smear", Classes: []Class{{Name: "a", Title: "A"}, {Name: "b", Title: "B", Group: "g"}}, Record: json.RawMessage(`{"epochs":3}`)}},
		Preprocess: Preprocess{Size: 9, Resize: "centre-crop", Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}},
		Golden:     Golden{Seed: 4, Tolerance: 1e-3, Logits: map[string][]float32{"smear": {0.1, -3.25e-7}}},
	}
}

func file(t testing.TB, b *Bundle) []byte {
	t.Helper()
	var w bytes.Buffer
	if err := Write(&w, b); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

func TestRoundTrip(t *testing.T) {
	want := small()
	first := file(t, want)
	got, err := Read(first)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want.Plan.Weights {
		for j, v := range w.Data {
			// A small file is within budget: half precision at worst.
			if d := math.Abs(float64(got.Plan.Weights[i].Data[j] - v)); d > math.Abs(float64(v))/2048 && d > 1.0/(1<<24) {
				t.Errorf("weight %s: value %d is %g, want %g", w.Name, j, got.Plan.Weights[i].Data[j], v)
			}
		}
	}
	got.Plan.Weights, want.Plan.Weights = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	again, err := Read(first)
	if err != nil {
		t.Fatal(err)
	}
	if second := file(t, again); !bytes.Equal(first[:16], second[:16]) || len(first) != len(second) {
		t.Errorf("written again the file has %d bytes, want %d", len(second), len(first))
	}
}

// TestWeightsTakeTheirEncoding pins what is stored how, with and without room.
func TestWeightsTakeTheirEncoding(t *testing.T) {
	p := small().Plan
	p.Weights[8] = tensor.Float32{Name: "large", Shape: []int{4, 1025}, Data: make([]float32, 4100)}
	p.Weights[10] = tensor.Float32{Name: "linear", Shape: []int{100, 30}, Data: make([]float32, 3000)}
	for _, c := range []struct {
		spare int
		want  string
	}{
		// stem w b, depthwise w b, squeeze w b w2 b2, pointwise w b, dense w b
		{0, "f16 f32 f16 f32 f16 f16 f16 f16 i8 f32 i8r f32"},
		{2740, "f16 f32 f16 f32 f16 f16 f16 f16 i8 f32 f16 f32"},
	} {
		var got []string
		for _, e := range encodings(p, c.spare) {
			got = append(got, string(e))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("with %d spare bytes: %s, want %s", c.spare, text, c.want)
		}
	}
}

// TestRound wants what Round leaves to pass through a file unchanged.
func TestRound(t *testing.T) {
	b := small()
	r := rand.New(rand.NewPCG(9, 9))
	wide := make([]float32, 4*1100)
	for i := range wide {
		wide[i] = float32(r.NormFloat64())
	}
	b.Plan.Weights[8] = tensor.Float32{Name: "wi", Shape: []int{4, 1100}, Data: wide} // large enough for 8 bits
	b.Plan.Weights[9] = tensor.Float32{Name: "wj", Shape: []int{1100}, Data: make([]float32, 1100)}
	b.Plan.Weights[10] = tensor.Float32{Name: "wk", Shape: []int{1100, 2}, Data: make([]float32, 2200)}
	b.Plan.Values[4].C, b.Plan.Values[5].C = 1100, 1100
	plan.Place(b.Plan)
	Round(b.Plan)
	if reflect.DeepEqual(b.Plan.Weights[8].Data, wide) {
		t.Error("8-bit weights were not rounded")
	}
	got, err := Read(file(t, b))
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range b.Plan.Weights {
		if !reflect.DeepEqual(got.Plan.Weights[i].Data, w.Data) {
			t.Errorf("weight %s changed in the file", w.Name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := file(t, small())
	length := int(binary.LittleEndian.Uint32(good[12:]))
	header := string(good[16 : 16+length])
	edit := func(old, by string) []byte {
		if !strings.Contains(header, old) {
			t.Fatalf("the header has no %s: %s", old, header)
		}
		text := strings.Replace(header, old, by, 1)
		front := binary.LittleEndian.AppendUint32([]byte(good[:12:12]), uint32(len(text)))
		return append(pad(append(front, text...), 16), good[16+length+padding(16+length, 16):]...)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":               {nil, Magic},
		"another file":        {[]byte("\x89PNG\r\n\x1a\n0000000000000000"), Magic},
		"version":             {append([]byte(Magic), 9, 0, 0, 0, 0, 0, 0, 0), "format version 9"},
		"long header":         {append([]byte(Magic), 1, 0, 0, 0, 255, 255, 0, 0), "header of 65535 bytes"},
		"huge header":         {append([]byte(Magic), 1, 0, 0, 0, 255, 255, 255, 255), "header of"},
		"no JSON":             {append([]byte(Magic), 1, 0, 0, 0, 2, 0, 0, 0, 'n', 'o'), "header"},
		"no plan":             {append([]byte(Magic), 1, 0, 0, 0, 2, 0, 0, 0, '{', '}'), "no plan"},
		"truncated":           {good[:len(good)-4], "wl"},
		"overlap":             {edit(`"as":"f32","at":216`, `"as":"f32","at":212`), "weight wb"},
		"negative offset":     {edit(`"at":0`, `"at":-4`), "weight wa"},
		"huge shape":          {edit(`"shape":[3,3,3,4]`, `"shape":[9223372036854775807,9223372036854775807]`), "weight wa"},
		"empty shape":         {edit(`"shape":[3,3,3,4]`, `"shape":[]`), "no shape"},
		"another shape":       {edit(`"shape":[3,3,3,4]`, `"shape":[27,4]`), "[27 4]"},
		"unknown encoding":    {edit(`"as":"f16"`, `"as":"i4"`), `no encoding "i4"`},
		"step out of range":   {edit(`"out":1,`, `"out":12,`), "no value 12"},
		"buffer out of range": {edit(`"buffer":1`, `"buffer":44`), "no buffer 44"},
		"classes":             {edit(`{"name":"b","title":"B","group":"g"}`, `{"name":"b"},{"name":"c"}`), "3 classes"},
		"no heads":            {edit(`"heads":[{`, `"hats":[{`), "no heads"},
		"size":                {edit(`"size":9`, `"size":12`), "preprocessing"},
		"golden":              {edit(`"logits":{"smear":[0.1,`, `"logits":{"smear":[0.1,1,`), "golden logits"},
	} {
		if _, err := Read(c.file); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
	}
	// Not a number in the last bias.
	nan := bytes.Clone(good)
	binary.LittleEndian.PutUint32(nan[len(nan)-4:], math.Float32bits(float32(math.NaN())))
	if _, err := Read(nan); !errors.Is(err, ErrMalformed) {
		t.Errorf("NaN: error is %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, damage := range map[string]func(b *Bundle){
		"NaN":     func(b *Bundle) { b.Plan.Weights[0].Data[1] = float32(math.NaN()) },
		"no half": func(b *Bundle) { b.Plan.Weights[2].Data[1] = 1e6 },
		"plan":    func(b *Bundle) { b.Plan.Steps[0].Out = 3 },
		"no plan": func(b *Bundle) { b.Plan = nil },
		"std":     func(b *Bundle) { b.Preprocess.Std[2] = 0 },
	} {
		b := small()
		damage(b)
		if err := Write(&bytes.Buffer{}, b); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	good := file(f, small())
	f.Add(good)
	f.Add(good[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Read(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error is %v, want ErrMalformed", err)
			}
			return
		}
		if err := b.Validate(); err != nil {
			t.Error(err)
		}
	})
}

func TestVerify(t *testing.T) {
	data := file(t, small())
	m := Seal(data)
	m.File = "model.blm"
	if err := Verify(Bytes(data), m); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(data); i += 97 {
		flipped := bytes.Clone(data)
		flipped[i] ^= 1
		err := Verify(Bytes(flipped), m)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), m.SHA256) || !strings.Contains(err.Error(), Seal(flipped).SHA256) || !strings.Contains(err.Error(), m.File) {
			t.Fatalf("byte %d flipped: error is %v, want one with the file and both hashes", i, err)
		}
	}
	if err := Verify(Bytes(data[1:]), m); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a byte less: error is %v", err)
	}
}

// TestHalf converts every half-precision number there and back, and rounds
// between neighbours.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		v := FromHalf(uint16(h))
		if math.IsNaN(float64(v)) {
			if got := Half(v); got&0x7c00 != 0x7c00 || got&0x3ff == 0 {
				t.Fatalf("NaN %#x became %#x", h, got)
			}
			continue
		}
		if got := Half(v); got != uint16(h) {
			t.Fatalf("%#x is %g, which becomes %#x", h, v, got)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		next := FromHalf(uint16(h) + 1)
		middle := (v + next) / 2 // exact in float32
		even := uint16(h) + uint16(h)&1
		if got := Half(middle); got != even {
			t.Fatalf("halfway between %g and %g became %#x, want the even one %#x", v, next, got, even)
		}
		toward := math.Nextafter32(middle, v)
		if got := Half(toward); got != uint16(h) {
			t.Fatalf("%g became %#x, want %#x", toward, got, h)
		}
	}
	for v, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, float32(math.Inf(-1)): 0xfc00, 1e-9: 0} {
		if got := Half(v); got != want {
			t.Errorf("%g became %#x, want %#x", v, got, want)
		}
	}
}

func TestQuantise(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const channels, rows = 5, 400
	w := make([]float32, rows*channels)
	for i := range w {
		w[i] = float32(r.NormFloat64() * math.Pow(10, float64(i%channels)-2)) // each channel of another size
	}
	for i := 3; i < len(w); i += channels {
		w[i] = 0 // one without any
	}
	q, scales := quantise(w, channels)
	back := make([]float32, len(w))
	dequantise(back, q, scales)
	for c := range channels {
		var sum, squares, worst float64
		for i := c; i < len(w); i += channels {
			d := math.Abs(float64(back[i] - w[i]))
			sum, squares, worst = sum+d*d, squares+float64(w[i])*float64(w[i]), max(worst, d)
		}
		// Uniform rounding of a normal channel of 400 within ±3.1 deviations leaves about 0.8 %.
		if ratio := math.Sqrt(sum / max(squares, 1e-30)); ratio > 0.009 {
			t.Errorf("channel %d: error is %.2f %%, want at most 0.9 %%", c, 100*ratio)
		}
		if bits := math.Float32bits(scales[c]); bits&0xffff != 0 {
			t.Errorf("channel %d: the scale %g does not fit 16 bits", c, scales[c])
		}
	}
	// One outlier among small weights is worth clipping.
	outlier := make([]float32, 2000)
	for i := range outlier {
		outlier[i] = float32(r.NormFloat64())
	}
	outlier[7] = 5
	_, scales = quantise(outlier, 1)
	if scales[0] >= 5.0/127 {
		t.Errorf("scale is %g, want less than the outlier's %g", scales[0], 5.0/127)
	}
}

// TestQuantiseRows wants a matrix whose rows differ by a thousandfold to keep
// each row to the precision of its own size.
func TestQuantiseRows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	const rows, channels = 300, 40
	w := make([]float32, rows*channels)
	for i := range w {
		w[i] = float32(r.NormFloat64() * math.Pow(10, float64(i/channels%4)-2))
	}
	clear(w[:channels])
	q, scales, sizes := quantiseRows(w, channels)
	back := make([]float32, len(w))
	dequantiseRows(back, q, scales, sizes)
	for row := range rows {
		var sum, squares float64
		for i := row * channels; i < (row+1)*channels; i++ {
			d := float64(back[i] - w[i])
			sum, squares = sum+d*d, squares+float64(w[i])*float64(w[i])
		}
		if ratio := math.Sqrt(sum / max(squares, 1e-30)); ratio > 0.015 {
			t.Fatalf("row %d: error is %.2f %%, want at most 1.5 %%", row, 100*ratio)
		}
	}
}

// TestGoldenInput pins the hash, the sequence and some pixels: other devices
// and scripts compute the same.
func TestGoldenInput(t *testing.T) {
	for _, c := range []struct{ seed, i, want uint32 }{{0, 0, 0}, {1, 0, 0x514e28b7}, {7, 5, 0x722d0163}} {
		if got := Hash(c.seed, c.i); got != c.want {
			t.Errorf("Hash(%d, %d) is %#x, want %#x", c.seed, c.i, got, c.want)
		}
	}
	x := GoldenInput(7, 65)
	for i, want := range map[int]float32{0: -1.3725958, 1234: -0.16858926, 65*65*3 - 1: -1.4767661} {
		if got := x[i]; math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
	for i, v := range x {
		if !(v >= -2 && v <= 2.5) {
			t.Fatalf("value %d is %g, want -2 to 2.5", i, v)
		}
	}
}

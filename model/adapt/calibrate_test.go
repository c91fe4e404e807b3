package adapt

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"blastlens/build/drawn"
	"blastlens/model/data"
	"blastlens/model/net"
	"blastlens/wasm/tensor"
)

// A calibrated body keeps each map near zero mean and unit variance on the
// pictures that calibrated it, to the last one.
func TestCalibrate(t *testing.T) {
	const size = 40
	dir := t.TempDir()
	for k, class := range []string{"Benign", "Benign", "Pre", "Pre"} {
		img, err := drawn.Draw(class, uint64(k), 64)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, class, fmt.Sprintf("%d.png", k))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := data.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var inputs [][]float32
	for i := range set.Pictures {
		picture, err := set.Open(i)
		if err != nil {
			t.Fatal(err)
		}
		pre := Preprocess(size)
		inputs = append(inputs, tensor.Input(picture, size, pre.Mean, pre.Std))
	}
	body := net.InitRandom(net.Plain, 2, 1)
	deviation := func() float64 {
		f, err := mapOf(body, size, "conv_head", 1536, inputs)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range f.Data {
			sum += float64(v) * float64(v)
		}
		return math.Sqrt(sum / float64(len(f.Data)))
	}
	if before := deviation(); before > .01 {
		t.Fatalf("before: deviation %g at the head, want a signal that died out, or the test proves nothing", before)
	}
	if err := Calibrate(set, body, size); err != nil {
		t.Fatal(err)
	}
	// The head's convolution has 384 inputs of unit variance and a deviation of sqrt(2/1536) each.
	if after := deviation(); !(after > .2 && after < 2) {
		t.Errorf("after: deviation %g at the head, want about %.2f", after, math.Sqrt(384*2./1536))
	}
	v := body["bn2.running_var"].Data
	f, err := mapOf(body, size, "conv_head", len(v), inputs)
	if err != nil {
		t.Fatal(err)
	}
	mean, variance := f.statistics(upTo(f.Rows))
	for c := range v {
		if math.Abs(float64(mean[c]-body["bn2.running_mean"].Data[c])) > 1e-4 || math.Abs(float64(variance[c]/v[c])-1) > 1e-3 {
			t.Fatalf("channel %d: mean %g and variance %g, stored %g and %g", c, mean[c], variance[c], body["bn2.running_mean"].Data[c], v[c])
		}
	}
}

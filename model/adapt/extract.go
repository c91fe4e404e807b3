package adapt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"blastlens/model/data"
	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/tensor"
)

// Preprocess is how pictures become inputs of size x size, in training and
// wherever the trained model is used: ImageNet's mean and deviation, as the
// body was first trained with.
func Preprocess(size int) bundle.Preprocess {
	return bundle.Preprocess{
		Size: size, Resize: "centre-crop",
		Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
	}
}

// Extract runs the body once over every view of every picture of the set, on
// all cores, and returns the features: rows 0 to n-1 are the pictures as they
// are, rows v*n to (v+1)*n-1 their view v (see View). told is called with the
// number of rows that are done.
func Extract(set *data.Set, body net.Params, size, views int, told func(done int)) (Features, error) {
	g, err := net.Build(body, size, net.Output{Name: "features", Head: net.Pooled})
	if err != nil {
		return Features{}, err
	}
	p, err := lower.Lower(g, size)
	if err != nil {
		return Features{}, err
	}
	session, err := cpu.New(1).Prepare(p)
	if err != nil {
		return Features{}, err
	}
	defer session.Close()

	n, pre := len(set.Pictures), Preprocess(size)
	f := Features{Rows: n * views, Width: net.Features, Data: make([]float32, n*views*net.Features)}
	next := make(chan int)
	var workers sync.WaitGroup
	var lock sync.Mutex // of done, failed and told
	done, failed := 0, error(nil)
	one := func(i int) error {
		picture, err := set.Open(i)
		if err != nil {
			return err
		}
		picture = tensor.CentreCrop(picture, size)
		for v := range views {
			out, err := session.Run(tensor.Input(View(picture, v), size, pre.Mean, pre.Std))
			if err != nil {
				return fmt.Errorf("adapt: %s: %w", set.Pictures[i].Name, err)
			}
			copy(f.Row(v*n+i), out[0])
		}
		return nil
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				err := one(i)
				lock.Lock()
				failed = errors.Join(failed, err)
				done += views
				told(done)
				lock.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	return f, failed
}

// Views is how many ways a field can be mirrored: a smear has no upper edge.
const Views = 4

// View is one of the Views of a picture: 0 as it is, 1 mirrored left to right,
// 2 top to bottom, 3 both (half a turn).
func View(p tensor.RGB8, view int) tensor.RGB8 {
	if view == 0 {
		return p
	}
	out := tensor.NewRGB8(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			fromX, fromY := x, y
			if view&1 != 0 {
				fromX = p.W - 1 - x
			}
			if view&2 != 0 {
				fromY = p.H - 1 - y
			}
			copy(out.Pix[3*(y*p.W+x):][:3], p.Pix[3*(fromY*p.W+fromX):])
		}
	}
	return out
}

// Cached is Extract with a memory: the features of the same pictures by the
// same body are read from folder if they were computed before, and else
// computed and written there.
func Cached(folder string, set *data.Set, body net.Params, size, views int, told func(done int)) (Features, error) {
	path := filepath.Join(folder, "features-"+identity(set, body, size, views)+".f32")
	n := len(set.Pictures) * views
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) == 4*n*net.Features {
		f := Features{Rows: n, Width: net.Features, Data: make([]float32, n*net.Features)}
		for i := range f.Data {
			f.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return f, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Features{}, fmt.Errorf("adapt: feature cache: %w", err)
	}
	f, err := Extract(set, body, size, views, told)
	if err != nil {
		return Features{}, err
	}
	raw = make([]byte, 0, 4*len(f.Data))
	for _, v := range f.Data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Features{}, fmt.Errorf("adapt: feature cache: %w", err)
	}
	// A half-written cache must not be taken for a whole one.
	if err := errors.Join(os.WriteFile(path+".part", raw, 0o644), os.Rename(path+".part", path)); err != nil {
		return Features{}, fmt.Errorf("adapt: feature cache: %w", err)
	}
	return f, nil
}

// identity is a hash of all that features depend on, but for the code.
func identity(set *data.Set, body net.Params, size, views int) string {
	h := sha256.New()
	fmt.Fprintln(h, size, views)
	for _, p := range set.Pictures {
		fmt.Fprintln(h, p.Name, p.SHA256)
	}
	for _, t := range net.Names(net.Pooled, 0) {
		fmt.Fprintln(h, t.Name, t.Shape)
		raw := make([]byte, 0, 4*len(body[t.Name].Data))
		for _, v := range body[t.Name].Data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// viewed brings training pictures as rows: each picture in all its views.
func (f Features) viewed(pictures []int, of int) []int {
	var rows []int
	for at := 0; at < f.Rows; at += of {
		for _, i := range pictures {
			rows = append(rows, at+i)
		}
	}
	return rows
}

// viewedLabels repeats the pictures' labels for each view.
func (f Features) viewedLabels(labels []int) []int {
	return slices.Repeat(labels, f.Rows/len(labels))
}

package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

var (
	npyType  = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*False`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

// ParseNPY reads a NumPy array file of version 1 to 3, little-endian float16 or
// float32, rows first.
func ParseNPY(data []byte) (tensor.Float32, error) {
	var t tensor.Float32
	if len(data) < 12 || !bytes.HasPrefix(data, []byte("\x93NUMPY")) {
		return t, errors.New("npy: no NumPy array file")
	}
	start, length := 10, int(binary.LittleEndian.Uint16(data[8:]))
	if data[6] > 1 {
		start, length = 12, int(min(binary.LittleEndian.Uint32(data[8:]), math.MaxInt32))
	}
	if length > len(data)-start {
		return t, fmt.Errorf("npy: header of %d bytes in a file of %d", length, len(data))
	}
	header := string(data[start : start+length])
	data = data[start+length:]
	kind, shape := npyType.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if kind == nil || shape == nil || !npyOrder.MatchString(header) {
		return t, fmt.Errorf("npy: header %q, want a type, a shape and rows first", header)
	}
	n := 1
	for field := range strings.SplitSeq(shape[1], ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		d, err := strconv.Atoi(field)
		if err != nil || d < 0 || d > len(data) || n > len(data) {
			return t, fmt.Errorf("npy: shape (%s) in %d bytes", shape[1], len(data))
		}
		n *= d
		t.Shape = append(t.Shape, d)
	}
	size := map[string]int{"<f2": 2, "<f4": 4}[kind[1]]
	if size == 0 {
		return t, fmt.Errorf("npy: type %q, want <f2 or <f4", kind[1])
	}
	if n > len(data) || n*size != len(data) {
		return t, fmt.Errorf("npy: shape (%s) of %s in %d bytes", shape[1], kind[1], len(data))
	}
	t.Data = make([]float32, n)
	for i := range t.Data {
		if size == 2 {
			t.Data[i] = bundle.FromHalf(binary.LittleEndian.Uint16(data[2*i:]))
		} else {
			t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	}
	return t, nil
}

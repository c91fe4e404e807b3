package load

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"blastlens/model/net"
	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

// entry is a tensor in the header of a safetensors file.
type entry struct {
	name    string
	DType   string    `json:"dtype"`
	Shape   []int64   `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// element sizes in bytes; the values of integer types are not needed and come
// back empty, with their shape.
var sizes = map[string]uint64{
	"F64": 8, "F32": 4, "F16": 2, "BF16": 2,
	"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}

// maxHeader is the format's own limit.
const maxHeader = 100_000_000

// ParseSafetensors reads a file of the safetensors format: 8 bytes of header
// length, little-endian, a JSON header, then the tensors' data without gaps or
// overlaps. All floating types come back as float32.
func ParseSafetensors(data []byte) (net.Params, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes, want at least 8", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	if rest := uint64(len(data) - 8); length > min(rest, maxHeader) {
		return nil, fmt.Errorf("safetensors: header of %d bytes in a file of %d", length, len(data))
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+length], &header); err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	data = data[8+length:]
	var entries []entry
	for name, raw := range header {
		if name == "__metadata__" {
			continue
		}
		e := entry{name: name}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %s: %w", name, err)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]), cmp.Compare(a.name, b.name))
	})
	all := net.Params{}
	end := uint64(0)
	for _, e := range entries {
		if e.Offsets[0] != end || e.Offsets[1] < end || e.Offsets[1] > uint64(len(data)) {
			return nil, fmt.Errorf("safetensors: tensor %s is at bytes %v, want from %d to at most %d", e.name, e.Offsets, end, len(data))
		}
		end = e.Offsets[1]
		t, err := e.decode(data[e.Offsets[0]:end])
		if err != nil {
			return nil, fmt.Errorf("safetensors: tensor %s: %w", e.name, err)
		}
		all[e.name] = t
	}
	if end != uint64(len(data)) {
		return nil, fmt.Errorf("safetensors: the tensors end at byte %d of %d", end, len(data))
	}
	if len(all) == 0 {
		return nil, errors.New("safetensors: no tensors")
	}
	return all, nil
}

func (e entry) decode(data []byte) (tensor.Float32, error) {
	size, ok := sizes[e.DType]
	if !ok {
		return tensor.Float32{}, fmt.Errorf("no element type %q", e.DType)
	}
	n, shape := uint64(1), []int{}
	for _, d := range e.Shape {
		// With n and d below 2^32 the product cannot wrap around.
		if d < 0 || d > math.MaxInt32 || n > math.MaxUint32 {
			return tensor.Float32{}, fmt.Errorf("shape is %v", e.Shape)
		}
		n *= uint64(d)
		shape = append(shape, int(d))
	}
	if n > uint64(len(data)) || n*size != uint64(len(data)) {
		return tensor.Float32{}, fmt.Errorf("shape %v of %s in %d bytes", e.Shape, e.DType, len(data))
	}
	t := tensor.Float32{Name: e.name, Shape: shape}
	var at func(i int) float32
	le := binary.LittleEndian
	switch e.DType {
	case "F64":
		at = func(i int) float32 { return float32(math.Float64frombits(le.Uint64(data[8*i:]))) }
	case "F32":
		at = func(i int) float32 { return math.Float32frombits(le.Uint32(data[4*i:])) }
	case "F16":
		at = func(i int) float32 { return bundle.FromHalf(le.Uint16(data[2*i:])) }
	case "BF16":
		at = func(i int) float32 { return math.Float32frombits(uint32(le.Uint16(data[2*i:])) << 16) }
	default:
		return t, nil
	}
	t.Data = make([]float32, n)
	for i := range t.Data {
		t.Data[i] = at(i)
	}
	return t, nil
}

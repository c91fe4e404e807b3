package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"blastlens/wasm/fields"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// A bundle's file, little-endian:
//
//	8 bytes  Magic
//	4 bytes  version of the format
//	4 bytes  length of the header
//	header   JSON: the Bundle, and a record of each weight of its plan
//	         (padded with zeros to a multiple of 16 bytes from the file's start)
//	data     the weights, each from a multiple of 4 bytes; records count from here
//
// Convolutions, linear layers and gates are 8-bit integers with a scale for
// each output channel; small ones, depthwise filters and the gates' biases are
// half precision, all else is float32 (see encodings).

// Magic begins each bundle.
const Magic = "BLASTLNS"

const (
	formatVersion = 1
	maxHeader     = 8 << 20
)

// ErrMalformed is wrapped by each error of Read.
var ErrMalformed = errors.New("malformed model file")

// record describes a weight in the header.
type record struct {
	Name     string
	Shape    []int
	Encoding encoding
	Offset   int
}

type header struct {
	Bundle
	Weights []record
}

// Write writes b; its weights lose precision on the way (see encodings),
// so golden logits are to be computed from what Read returns.
func Write(w io.Writer, b *Bundle) error {
	if err := b.Validate(); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	for _, t := range b.Plan.Weights {
		for j, v := range t.Data {
			if !finite(v) {
				return fmt.Errorf("bundle: weight %s: value %d is %v", t.Name, j, v)
			}
		}
	}
	// First all in 8 bits, to see what is left of the budget.
	front, data, err := encode(b, encodings(b.Plan, 0))
	if err != nil {
		return err
	}
	const slack = 1 << 12 // offsets grow longer in the header
	if spare := Budget - slack - len(front) - len(data); spare > 0 {
		if front, data, err = encode(b, encodings(b.Plan, spare)); err != nil {
			return err
		}
	}
	for _, part := range [][]byte{front, data} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	return nil
}

// encode is the file in two parts: all before the weights, and the weights.
func encode(b *Bundle, as []encoding) (front, data []byte, err error) {
	h := header{Bundle: *b}
	le := binary.LittleEndian
	for i, t := range b.Plan.Weights {
		h.Weights = append(h.Weights, record{Name: t.Name, Shape: t.Shape, Encoding: as[i], Offset: len(data)})
		switch as[i] {
		case float32s:
			for _, v := range t.Data {
				data = le.AppendUint32(data, math.Float32bits(v))
			}
		case halves:
			for j, v := range t.Data {
				if math.Abs(float64(v)) >= 65520 {
					return nil, nil, fmt.Errorf("bundle: weight %s: value %d is %v, beyond half precision", t.Name, j, v)
				}
				data = le.AppendUint16(data, Half(v))
			}
		case int8s:
			q, scales := quantise(t.Data, t.Shape[len(t.Shape)-1])
			data = appendScales(appendInts(data, q), scales)
		case int8rows:
			q, scales, rows := quantiseRows(t.Data, t.Shape[len(t.Shape)-1])
			data = appendScales(appendScales(appendInts(data, q), scales), rows)
		}
		data = pad(data, 4)
	}
	text, err := fields.Marshal(&h)
	if err != nil {
		return nil, nil, fmt.Errorf("bundle: %w", err)
	}
	if len(text) > maxHeader {
		return nil, nil, fmt.Errorf("bundle: header of %d bytes, want at most %d", len(text), maxHeader)
	}
	front = le.AppendUint32([]byte(Magic), formatVersion)
	front = le.AppendUint32(front, uint32(len(text)))
	return pad(append(front, text...), 16), data, nil
}

// appendInts adds 8-bit integers, padded to a multiple of 4 bytes.
func appendInts(data []byte, q []int8) []byte {
	for _, v := range q {
		data = append(data, byte(v))
	}
	return append(data, make([]byte, padding(len(q), 4))...)
}

// appendScales adds the upper halves of float32 whose lower halves are zero.
func appendScales(data []byte, scales []float32) []byte {
	for _, v := range scales {
		data = binary.LittleEndian.AppendUint16(data, uint16(math.Float32bits(v)>>16))
	}
	return data
}

// scales reads n of them.
func scales(data []byte, n int) ([]float32, error) {
	s := make([]float32, n)
	for i := range s {
		if s[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16); !finite(s[i]) {
			return nil, fmt.Errorf("scale %d is %v", i, s[i])
		}
	}
	return s, nil
}

func pad(data []byte, to int) []byte { return append(data, make([]byte, padding(len(data), to))...) }

func padding(n, to int) int { return (to - n%to) % to }

// Read reads a bundle and checks all of it; the plan that it returns can run on
// any device. Weights come back as float32.
func Read(file []byte) (*Bundle, error) {
	b, err := Open(Bytes(file))
	if err != nil {
		return nil, err
	}
	if err := b.Plan.Decode(); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	return b, nil
}

// Open reads a bundle's header and checks it; the plan's weights are decoded
// when a device asks for them, and are waited for where the file still arrives.
func Open(f File) (*Bundle, error) {
	b, err := open(f)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	return b, nil
}

func malformed(format string, values ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, values...))
}

func open(f File) (*Bundle, error) {
	const front = len(Magic) + 8
	var first [front]byte
	if f.Size() < int64(front) {
		return nil, malformed("does not begin with %s", Magic)
	}
	if err := f.Fill(first[:], 0); err != nil {
		return nil, err
	}
	if string(first[:len(Magic)]) != Magic {
		return nil, malformed("does not begin with %s", Magic)
	}
	le := binary.LittleEndian
	if v := le.Uint32(first[len(Magic):]); v != formatVersion {
		return nil, malformed("format version %d, want %d", v, formatVersion)
	}
	length := le.Uint32(first[len(Magic)+4:])
	if length > maxHeader || int64(length) > f.Size()-int64(front) {
		return nil, malformed("header of %d bytes in a file of %d", length, f.Size())
	}
	text := make([]byte, length)
	if err := f.Fill(text, int64(front)); err != nil {
		return nil, err
	}
	var h header
	if err := fields.Unmarshal(text, &h); err != nil {
		return nil, malformed("header: %w", err)
	}
	if h.Plan == nil {
		return nil, malformed("header: no plan")
	}
	start := front + int(length)
	start += padding(start, 16)
	left, end := int(max(0, f.Size()-int64(start))), 0
	for _, r := range h.Weights { // they follow each other, so the file's length bounds what is allocated
		size, err := r.check(left, end)
		if err != nil {
			return nil, malformed("weight %s: %w", r.Name, err)
		}
		end = r.Offset + size
		h.Plan.Weights = append(h.Plan.Weights, tensor.Float32{Name: r.Name, Shape: r.Shape})
	}
	h.Plan.Source = &source{file: f, start: start, records: h.Weights}
	if err := h.Bundle.Validate(); err != nil {
		return nil, malformed("%w", err)
	}
	return &h.Bundle, nil
}

// source decodes weights from their file.
type source struct {
	file    File
	start   int // of the weights in the file
	records []record
	room    []byte
}

// bytes are those of weight i, until the next call.
func (s *source) bytes(i int) ([]byte, error) {
	r := s.records[i]
	size := r.Encoding.size(tensor.Len(r.Shape), r.channels())
	if cap(s.room) < size {
		s.room = make([]byte, size)
	}
	return s.room[:size], s.file.Fill(s.room[:size], int64(s.start+r.Offset))
}

func (s *source) Values(to []float32, i int) error {
	data, err := s.bytes(i)
	if err != nil {
		return err
	}
	if err := s.records[i].decode(to, data); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

func (s *source) Quantised(i int) bool {
	as := s.records[i].Encoding
	return as == int8s || as == int8rows
}

func (s *source) Int8(i int) (plan.Int8, error) {
	data, err := s.bytes(i)
	if err != nil {
		return plan.Int8{}, err
	}
	r := s.records[i]
	q, err := r.int8(data, tensor.Len(r.Shape))
	if err != nil {
		return plan.Int8{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return q, nil
}

func (r record) channels() int { return r.Shape[len(r.Shape)-1] }

// check reports a weight that does not lie within a file's weights, of that many
// bytes, from byte from on, and returns its bytes.
func (r record) check(bytes, from int) (size int, err error) {
	if len(r.Shape) == 0 {
		return 0, errors.New("has no shape")
	}
	n := 1
	for _, d := range r.Shape {
		// Each value takes at least a byte; both factors stay below 2^31.
		if d < 1 || d > bytes || n > math.MaxInt32 || int64(n)*int64(d) > int64(bytes) {
			return 0, fmt.Errorf("has shape %v in a file with %d bytes of weights", r.Shape, bytes)
		}
		n *= d
	}
	switch r.Encoding {
	case float32s, halves, int8s, int8rows:
	default:
		return 0, fmt.Errorf("no encoding %q", r.Encoding)
	}
	size = r.Encoding.size(n, r.channels())
	if r.Offset < from || r.Offset > bytes || size > bytes-r.Offset {
		return 0, fmt.Errorf("%d bytes at %d, want from %d to at most %d", size, r.Offset, from, bytes)
	}
	return size, nil
}

// int8 finds n integers and their scales in the weight's bytes.
func (r record) int8(data []byte, n int) (w plan.Int8, err error) {
	rest := data[n+padding(n, 4):]
	w.Q = data[:n]
	if w.Columns, err = scales(rest, r.channels()); err != nil {
		return w, err
	}
	if r.Encoding == int8rows {
		if w.Rows, err = scales(rest[2*r.channels():], n/r.channels()); err != nil {
			return w, err
		}
	}
	if v := 127 * largest(w.Columns) * max(largest(w.Rows), 1); !finite(v) {
		return w, errors.New("its scales are too large")
	}
	return w, nil
}

// largest magnitude, 0 of none.
func largest(values []float32) (top float32) {
	for _, v := range values {
		top = max(top, v, -v)
	}
	return top
}

// decode makes the weight's values of its bytes.
func (r record) decode(to []float32, data []byte) error {
	n := len(to)
	le := binary.LittleEndian
	switch r.Encoding {
	case float32s:
		for i := range to {
			to[i] = math.Float32frombits(le.Uint32(data[4*i:]))
		}
	case halves:
		for i := range to {
			to[i] = FromHalf(le.Uint16(data[2*i:]))
		}
	case int8s, int8rows:
		w, err := r.int8(data, n)
		if err != nil {
			return err
		}
		dequantiseRows(to, w.Q, w.Columns, w.Rows)
	}
	for i, v := range to {
		if !finite(v) {
			return fmt.Errorf("value %d is %v", i, v)
		}
	}
	return nil
}

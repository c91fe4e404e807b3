package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxElements bounds the shapes that the decoder allocates without seeing data
// for them: those of inputs, outputs and values.
const maxElements = 1 << 24

// guard reads the shapes in an ONNX file before onnx-go does, which would
// allocate whatever a damaged or hostile file asks for, and checks that each
// tensor's data are as long as its shape says.
func guard(model []byte) error {
	return each(model, func(field protowire.Number, graph []byte) error {
		if field != modelGraph {
			return nil
		}
		return each(graph, func(field protowire.Number, m []byte) error {
			switch field {
			case graphInput, graphOutput, graphValueInfo:
				return guardValue(m)
			case graphInit:
				return guardTensor(m)
			case graphNode:
				return each(m, func(field protowire.Number, m []byte) error {
					if field != nodeAttribute {
						return nil
					}
					return each(m, func(field protowire.Number, m []byte) error {
						if field != attributeTensor {
							return nil
						}
						return guardTensor(m)
					})
				})
			}
			return nil
		})
	})
}

func guardValue(value []byte) error {
	name, elements := "", int64(1)
	err := each(value, func(field protowire.Number, m []byte) error {
		switch field {
		case valueName:
			name = string(m)
		case valueType:
			return each(m, func(field protowire.Number, m []byte) error {
				if field != typeTensor {
					return nil
				}
				return each(m, func(field protowire.Number, m []byte) error {
					if field != typeShape {
						return nil
					}
					return each(m, func(field protowire.Number, m []byte) error {
						if field != shapeDim {
							return nil
						}
						return varints(m, dimValue, func(d int64) error {
							if d < 0 || d > maxElements || elements*max(d, 1) > maxElements {
								return fmt.Errorf("a side of %d, want at most %d values in all", d, maxElements)
							}
							elements *= max(d, 1)
							return nil
						})
					})
				})
			})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("value %q: %w", name, err)
	}
	return nil
}

// guardTensor accepts raw float32 data of the shape's length, and leaves other
// types and representations to the decoder.
func guardTensor(t []byte) error {
	name, raw, kind := "", -1, int64(0)
	elements := int64(1)
	err := each(t, func(field protowire.Number, m []byte) error {
		switch field {
		case tensorName:
			name = string(m)
		case tensorRaw:
			raw = len(m)
		}
		return nil
	})
	if err == nil {
		err = varints(t, tensorType, func(v int64) error { kind = v; return nil })
	}
	if err == nil {
		err = varints(t, tensorDims, func(d int64) error {
			// A tensor cannot hold more values than the file has bytes.
			if d < 1 || d > int64(len(t)) || elements*d > int64(len(t)) {
				return fmt.Errorf("a side of %d in %d bytes", d, len(t))
			}
			elements *= d
			return nil
		})
	}
	if err == nil && kind == float && raw >= 0 && int64(raw) != 4*elements {
		err = fmt.Errorf("%d bytes for %d values of float32", raw, elements)
	}
	if err != nil {
		return fmt.Errorf("tensor %q: %w", name, err)
	}
	return nil
}

// each calls do for every field of message m that is itself bytes.
func each(m []byte, do func(field protowire.Number, m []byte) error) error {
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		if n = protowire.ConsumeFieldValue(field, kind, m); n < 0 {
			return protowire.ParseError(n)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(m)
			if err := do(field, value); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	return nil
}

// varints calls do for each integer in the field, packed or not.
func varints(m []byte, field protowire.Number, do func(int64) error) error {
	for len(m) > 0 {
		f, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		if n = protowire.ConsumeFieldValue(f, kind, m); n < 0 {
			return protowire.ParseError(n)
		}
		value := m[:n]
		m = m[n:]
		if f != field {
			continue
		}
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		} else if kind != protowire.VarintType {
			continue
		}
		for len(value) > 0 {
			v, n := protowire.ConsumeVarint(value)
			if n < 0 {
				return protowire.ParseError(n)
			}
			if err := do(int64(v)); err != nil {
				return err
			}
			value = value[n:]
		}
	}
	return nil
}

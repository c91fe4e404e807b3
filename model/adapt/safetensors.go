package adapt

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"blastlens/model/net"
)

// WriteSafetensors writes tensors as float32 in Hugging Face's safetensors
// format, sorted by name: the length of a JSON header in 8 bytes little endian,
// the header (padded with spaces to 8 bytes), the data. Metadata are strings
// that travel in the header.
func WriteSafetensors(w io.Writer, params net.Params, metadata map[string]string) error {
	type entry struct {
		Type    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	names := slices.Sorted(maps.Keys(params))
	header := map[string]any{"__metadata__": metadata}
	at := 0
	for _, name := range names {
		t := params[name]
		if err := t.Check(); err != nil {
			return err
		}
		header[name] = entry{Type: "F32", Shape: t.Shape, Offsets: [2]int{at, at + 4*len(t.Data)}}
		at += 4 * len(t.Data)
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	for _, name := range names {
		var raw []byte
		for _, v := range params[name].Data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		if _, err := w.Write(raw); err != nil {
			return fmt.Errorf("safetensors: %s: %w", name, err)
		}
	}
	return nil
}

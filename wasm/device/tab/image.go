// Package tab runs plans in a browser's tab by the emitted WASM kernels: SIMD of
// 128 bits, several threads on one shared memory.
//
// An Image is what that memory holds, worked out before there is one: the same
// bytes go into the page's memory, and into that of the tests and of the bench.
package tab

import (
	"fmt"

	"blastlens/wasm/device"
	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/plan"
	"blastlens/wasm/tensor"
)

// PageBytes is the unit in which WASM memories are measured.
const PageBytes = 1 << 16

// Image is a plan laid out in a memory: header, records, packed weights, then
// what a run writes. Everything that Write does not write is 0 at first.
type Image struct {
	// Pages is the size of the memory in units of PageBytes.
	Pages int
	// Records are the kernels that run, in their order.
	Records []Record

	plan    *plan.Plan
	end     int      // bytes laid out so far
	values  []int    // address of each value's planes, 0 where there are none
	picture int      // address of the input with a margin, as stem reads it; 0: not needed
	sums    []summed // by value: what depthwise leaves for squeeze
	packed  []packed
	shared  map[[2]int]int // address of a weight, by index and kind of packing
	room    []float32      // for a weight that has to be decoded
	mean    int            // address of squeeze's means, and of its hidden layer
	hidden  int
	scratch int // bytes a thread needs
	threads int
}

// Record is one kernel's run: words as package blocked has them.
type Record struct {
	Step   int    // of the plan
	Kernel string // as Emit names it
	MACs   int    // products of the step's arithmetic
	words  [blocked.RecordBytes / 4]uint32
}

// set writes a word at a byte offset of the record.
func (r *Record) set(at, v int) { r.words[at/4] = uint32(v) }

// packed is a place in the memory and the function that lays out what stands
// there, given zeros.
type packed struct {
	at, floats int
	lay        func(to []float32) error
}

// summed is where depthwise leaves the sums of its outputs.
type summed struct{ at, chunks int }

// NewImage lays out p for the given number of threads. It refuses what the
// kernels cannot run with device.ErrUnavailable.
func NewImage(p *plan.Plan, threads int) (*Image, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("tab: %w", err)
	}
	return lay(p, threads)
}

// lay trusts that p is valid.
func lay(p *plan.Plan, threads int) (*Image, error) {
	im := &Image{plan: p, threads: threads, shared: map[[2]int]int{}, values: make([]int, len(p.Values)), sums: make([]summed, len(p.Values))}
	records := 0
	for _, s := range p.Steps {
		records++
		if s.Op == plan.Squeeze {
			records += 2 // means, two layers
		}
	}
	im.take(blocked.HeaderBytes + records*blocked.RecordBytes)
	im.place()
	for i, s := range p.Steps {
		if err := im.step(i, s); err != nil {
			return nil, fmt.Errorf("tab: step %d (%s %s): %w", i, s.Op, s.Name, err)
		}
	}
	im.scratch = (im.scratch + blocked.ScratchHead + 127) / 64 * 64
	base := im.take(im.scratch * threads)
	if im.end > 1<<32-PageBytes {
		return nil, fmt.Errorf("tab: needs %d MiB of memory, want at most 4096: %w", im.end>>20, device.ErrUnavailable)
	}
	im.Pages = (im.end + PageBytes - 1) / PageBytes
	header := make([]float32, blocked.HeaderBytes/4)
	for at, v := range map[int]int{blocked.Steps: blocked.HeaderBytes, blocked.Count: len(im.Records), blocked.Scratch: base, blocked.ScratchBytes: im.scratch} {
		header[at/4] = bits(v)
	}
	im.packed = append(im.packed, packed{0, len(header), func(to []float32) error {
		copy(to, header)
		copy(to[blocked.Constants/4:], activation.Table())
		return nil
	}}, packed{blocked.HeaderBytes, len(im.Records) * blocked.RecordBytes / 4, func(to []float32) error {
		for i, r := range im.Records {
			for j, w := range r.words {
				to[i*len(r.words)+j] = bits(int(w))
			}
		}
		return nil
	}})
	return im, nil
}

// take reserves bytes, from a cache line on.
func (im *Image) take(bytes int) int {
	at := (im.end + 63) &^ 63
	im.end = at + bytes
	return at
}

// place gives the values their buffers, as the plan shares them out. The input
// has memory of its own: the margin around it is written once and for all.
func (im *Image) place() {
	p := im.plan
	sizes := make([]int, len(p.Buffers))
	for i, v := range p.Values {
		if i != p.Input {
			sizes[v.Buffer] = max(sizes[v.Buffer], blocked.Size(v.H*v.W, v.C))
		}
	}
	buffers := make([]int, len(sizes))
	for i, n := range sizes {
		buffers[i] = im.take(n)
	}
	for i, v := range p.Values {
		if i != p.Input {
			im.values[i] = buffers[v.Buffer]
		}
	}
	in := p.Values[p.Input]
	mean, hidden := 0, 0
	for _, s := range p.Steps {
		switch {
		case s.In != p.Input:
		case s.Op == plan.Stem:
			if im.picture == 0 {
				im.picture = im.take((in.H + 2) * pitch(in.W))
			}
			continue
		}
		if s.In == p.Input && im.values[p.Input] == 0 {
			im.values[p.Input] = im.take(blocked.Size(in.H*in.W, in.C))
		}
		if s.Op == plan.Squeeze {
			mean = max(mean, blocked.Size(1, p.Values[s.In].C))
			hidden = max(hidden, blocked.Size(1, tensor.Len(p.Weights[s.B].Shape)))
		}
	}
	im.mean, im.hidden = im.take(mean), im.take(hidden)
}

// pitch is the bytes of a row of the picture with a margin of one pixel.
func pitch(w int) int { return (w + 2) * 3 * 4 }

// Chunk is float32 to be written at an address.
type Chunk struct {
	At     int
	Floats []float32
}

// Write lays out header, records and weights and hands them to write, a piece at
// a time. A piece is overwritten by the next. It waits for weights that have not
// arrived, and holds one of them at a time.
func (im *Image) Write(write func(Chunk)) error {
	var buffer []float32
	for _, w := range im.packed {
		if cap(buffer) < w.floats {
			buffer = make([]float32, w.floats)
		}
		buffer = buffer[:w.floats]
		clear(buffer)
		if err := w.lay(buffer); err != nil {
			return fmt.Errorf("tab: %w", err)
		}
		write(Chunk{w.at, buffer})
	}
	im.room = nil
	return nil
}

// weight is the values of weight i, until the next one is asked for.
func (im *Image) weight(i int) ([]float32, error) {
	values, err := im.plan.Weight(i, im.room)
	if err == nil && im.plan.Weights[i].Data == nil {
		im.room = values
	}
	return values, err
}

// Input is what to write for the picture x [H,W,3].
func (im *Image) Input(x []float32) []Chunk {
	var chunks []Chunk
	in := im.plan.Values[im.plan.Input]
	if im.picture != 0 {
		row := pitch(in.W) / 4
		to := make([]float32, (in.H+2)*row)
		for y := range in.H {
			copy(to[(y+1)*row+3:], x[y*in.W*3:(y+1)*in.W*3])
		}
		chunks = append(chunks, Chunk{im.picture, to})
	}
	if at := im.values[im.plan.Input]; at != 0 {
		chunks = append(chunks, im.planes(im.plan.Input, x))
	}
	return chunks
}

// planes is value v as its kernels read it.
func (im *Image) planes(v int, x []float32) Chunk {
	value := im.plan.Values[v]
	to := make([]float32, blocked.Size(value.H*value.W, value.C)/4)
	blocked.Put(to, x, value.H*value.W, value.C)
	return Chunk{im.values[v], to}
}

// Output says where the plan's output i begins and how many float32 to read
// there, for Take.
func (im *Image) Output(i int) (at, floats int) { return im.span(im.plan.Outputs[i].Value) }

func (im *Image) span(v int) (at, floats int) {
	value := im.plan.Values[v]
	return im.values[v], blocked.Size(value.H*value.W, value.C) / 4
}

// Take makes the plan's output i of the float32 at Output.
func (im *Image) Take(i int, from []float32) []float32 {
	v := im.plan.Values[im.plan.Outputs[i].Value]
	return blocked.Take(from, v.H*v.W, v.C)
}

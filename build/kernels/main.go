// Command kernels writes what build/bench/tab.mjs runs: the emitted kernels, the
// memory of the shipped model with the golden input in it, and a list of the
// records with their names and sizes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device/tab"
	"blastlens/wasm/kernel/blocked"
	"blastlens/wasm/kernel/module"
	"blastlens/wasm/kernel/wasm"
	"blastlens/web/model"
)

func main() {
	out := flag.String("o", "build/work/tab", "folder to write to")
	threads := flag.Int("threads", 4, "threads that the memory has room for")
	flag.Parse()
	if err := write(*out, *threads); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

// record is a line of steps.json.
type record struct {
	Name   string `json:"name"`
	Kernel string `json:"kernel"`
	Shape  string `json:"shape"`
	MACs   int    `json:"macs"`
	Bytes  int    `json:"bytes"` // of a record in memory
}

// expected is an output and the golden values it should have.
type expected struct {
	Name   string    `json:"name"`
	At     int       `json:"at"`
	Golden []float32 `json:"golden"`
}

func write(out string, threads int) error {
	b, err := bundle.Open(bundle.Bytes(model.Bundle)) // weights as they ship
	if err != nil {
		return err
	}
	p := b.Plan
	image, err := tab.NewImage(p, threads)
	if err != nil {
		return err
	}
	memory := make([]byte, image.Pages*tab.PageBytes)
	put := func(c tab.Chunk) {
		for i, v := range c.Floats {
			bits := math.Float32bits(v)
			at := memory[c.At+4*i:]
			at[0], at[1], at[2], at[3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
		}
	}
	if err := image.Write(put); err != nil {
		return err
	}
	for _, c := range image.Input(bundle.GoldenInput(b.Golden.Seed, p.Values[p.Input].H)) {
		put(c)
	}

	var records []record
	for _, r := range image.Records {
		s := p.Steps[r.Step]
		records = append(records, record{s.Name, r.Kernel, p.Shape(s), r.MACs, blocked.RecordBytes})
	}
	var outputs []expected
	for i, o := range p.Outputs {
		at, _ := image.Output(i)
		outputs = append(outputs, expected{o.Name, at, b.Golden.Logits[o.Name]})
	}
	list, err := json.MarshalIndent(map[string]any{"records": records, "outputs": outputs, "pages": image.Pages, "threads": threads}, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"kernels.wasm": module.Emit(wasm.Memory{Shared: true}, module.Patience), "kernels-single.wasm": module.Emit(wasm.Memory{}, module.Patience),
		"memory.bin": memory, "steps.json": list,
	} {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

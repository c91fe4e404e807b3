package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"blastlens/wasm/bundle"
	"blastlens/wasm/device"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/engine"
)

type verifyModelCmd struct {
	File string `arg:"" help:"Packed model (.blm), with its manifest (.json) beside it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// verified is what verify model prints.
type verified struct {
	bundle.Manifest
	Network string   `json:"network"`
	Heads   []string `json:"heads"`
	Steps   int      `json:"steps"`
	Devices []string `json:"devices"` // that passed the self-test
}

func (c *verifyModelCmd) Run(s streams) error {
	file, m, err := (&classifyCmd{Model: c.File}).readModel()
	if err != nil {
		return err
	}
	if m.File != filepath.Base(c.File) {
		return fmt.Errorf("%s: its manifest describes %s", c.File, m.File)
	}
	v, err := verify(file, m)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(v)
	}
	fmt.Fprintf(s.out, "%s: %d bytes, SHA-256 as in the manifest, version %s, %s, heads %s, %d steps; self-test passed on: %s\n",
		m.File, m.Bytes, m.Version, v.Network, strings.Join(v.Heads, " and "), v.Steps, strings.Join(v.Devices, "; "))
	return nil
}

// verify checks the bytes against the manifest, the structure, and that the
// scalar reference and the processor's kernels both give the golden logits.
func verify(file []byte, m bundle.Manifest) (verified, error) {
	v := verified{Manifest: m}
	for _, d := range []device.Device{cpu.NewRef(), cpu.New(0)} {
		e, err := engine.Load(bundle.Bytes(file), m, engine.Options{Candidates: []engine.Candidate{
			{Title: d.Describe(), New: func() (device.Device, error) { return d, nil }},
		}})
		if err != nil {
			return v, err
		}
		b := e.Bundle()
		v.Network, v.Steps, v.Devices = b.Network, len(b.Plan.Steps), append(v.Devices, d.Describe())
		if b.Version != m.Version {
			e.Close()
			return v, fmt.Errorf("%s: it is version %s, its manifest says %s", m.File, b.Version, m.Version)
		}
		v.Heads = v.Heads[:0]
		for _, h := range b.Heads {
			v.Heads = append(v.Heads, h.Name)
		}
		e.Close()
	}
	return v, nil
}

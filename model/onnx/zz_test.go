package onnx_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/model/net/load"
	"blastlens/model/onnx"
	"blastlens/wasm/bundle"
	"blastlens/wasm/device/cpu"
)

func TestDump(t *testing.T) {
	p := net.InitRandom(net.Fastai, 4, 1)
	if _, err := load.Into(p, net.Names(net.Fastai, 4), "../../../shared/weights/efficientnet-b4-imagenet"); err != nil {
		t.Fatal(err)
	}
	for name, v := range net.InitRandom(net.Linear, 3, 1) {
		if strings.HasPrefix(name, "linear.") {
			p["drawn."+name] = v
		}
	}
	outs := []net.Output{{Name: "smear", Head: net.Fastai, Classes: 4}, {Name: "drawn", Head: net.Linear, Classes: 3, Prefix: "drawn."}, {Name: "features", Head: net.Pooled}}
	for _, m := range net.Marks {
		outs = append(outs, net.Output{Name: m, Mark: m})
	}
	g, err := net.Build(p, 224, outs...)
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	model, err := onnx.Export(g)
	fmt.Println("export", time.Since(t0), len(model), err)
	os.WriteFile("/tmp/netx/m.onnx", model, 0o644)
	t0 = time.Now()
	back, err := onnx.Import(model)
	fmt.Println("import", time.Since(t0), err)
	t0 = time.Now()
	pl, err := lower.Lower(back, 224)
	fmt.Println("lower", time.Since(t0), err)
	x := bundle.GoldenInput(7, 224)
	d := cpu.New(0)
	s, _ := d.Prepare(pl)
	y, err := s.Run(x)
	o := map[string][]float32{}
	for i, out := range outs[:3] {
		o[out.Name] = y[i]
	}
	o["x"] = x
	tx, _ := json.Marshal(o)
	os.WriteFile("/tmp/netx/y.json", tx, 0o644)
	for i, out := range outs {
		mx := 0.0
		for _, v := range y[i] {
			mx = max(mx, math.Abs(float64(v)))
		}
		fmt.Println(out.Name, mx)
	}
	// bundle
	g, _ = net.Build(p, 224, outs[:2]...)
	pl, _ = lower.Lower(g, 224)
	b := &bundle.Bundle{Version: "x", Network: net.Architecture, Plan: pl, Preprocess: bundle.Preprocess{Size: 224, Std: [3]float32{1, 1, 1}},
		Heads: []bundle.Head{{Name: "smear", Classes: make([]bundle.Class, 4)}, {Name: "drawn", Classes: make([]bundle.Class, 3)}}}
	var w bytes.Buffer
	t0 = time.Now()
	err = bundle.Write(&w, b)
	fmt.Println("write", time.Since(t0), w.Len(), err)
	t0 = time.Now()
	r, err := bundle.Read(w.Bytes())
	fmt.Println("read", time.Since(t0), err)
	s, _ = d.Prepare(pl)
	y, _ = s.Run(x)
	s2, _ := d.Prepare(r.Plan)
	y2, _ := s2.Run(x)
	fmt.Println(y[0], y2[0], y[1], y2[1])
	hl := int(w.Bytes()[12]) | int(w.Bytes()[13])<<8 | int(w.Bytes()[14])<<16
	fmt.Println("header", hl)
}

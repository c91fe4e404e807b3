package wgsl_test

import (
	"slices"
	"strings"
	"testing"

	"blastlens/wasm/kernel/activation"
	"blastlens/wasm/kernel/wgsl"
)

func TestKernel(t *testing.T) {
	k := wgsl.Program{
		Name:   "op 3x8",
		Body:   "// body\n",
		Consts: []wgsl.Const{{Name: "K", Value: 5}},
		Dims:   []wgsl.Dim{{Name: "rows", Value: 3}},
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: 8, Rows: 3},
			{Role: wgsl.Gate, Columns: 8, Absent: true, Else: 1},
			{Role: wgsl.Y, Name: "sums", Columns: 6, Written: true},
		},
		Act:    activation.SiLU,
		Groups: [3]uint32{1, 2, 3},
	}.Kernel()
	if want := []wgsl.Role{wgsl.X, wgsl.Y}; !slices.Equal(k.Bindings, want) {
		t.Errorf("bindings %v, want %v", k.Bindings, want)
	}
	if want := []uint32{3, 2, 3, 6}; !slices.Equal(k.Shape, want) || k.ShapeBytes() != 16 {
		t.Errorf("shape %v in %d bytes, want %v in 16", k.Shape, k.ShapeBytes(), want)
	}
	for _, want := range []string{
		"const K: u32 = 5u;",
		"struct Shape {\n    rows: u32,\n    x_columns: u32,\n    x_rows: u32,\n    sums_columns: u32,\n}",
		"@group(0) @binding(2) var<uniform> shape: Shape;",
		"@group(0) @binding(0) var<storage, read> x: array<vec4f>;",
		"if (row >= shape.x_rows) { return vec4f(); }",
		"return x[row * shape.x_columns + column];",
		"fn gate_at(row: u32, column: u32) -> vec4f {\n    return vec4f(1);",
		"@group(0) @binding(1) var<storage, read_write> sums: array<f32>;",
		"if (c + 3u < shape.sums_columns) { sums[i + 3u] = v[3]; }",
		"return act_silu(v);",
		"// body",
	} {
		if !strings.Contains(k.Source, want) {
			t.Errorf("source lacks %q:\n%s", want, k.Source)
		}
	}
	if strings.Contains(k.Source, " gate:") {
		t.Error("an absent array is declared")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		groups [3]uint32
		ok     bool
	}{
		{[3]uint32{1, 1, 1}, true},
		{[3]uint32{wgsl.MaxGroups, 1, 1}, true},
		{[3]uint32{1, wgsl.MaxGroups + 1, 1}, false},
		{[3]uint32{1, 1, 0}, false},
	} {
		if err := (wgsl.Kernel{Groups: c.groups}).Check(); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.groups, err)
		}
	}
}

func TestCover(t *testing.T) {
	for _, c := range []struct {
		n, size int
		want    uint32
	}{{1, 8, 1}, {8, 8, 1}, {9, 8, 2}} {
		if got := wgsl.Cover(c.n, c.size); got != c.want {
			t.Errorf("Cover(%d, %d) = %d, want %d", c.n, c.size, got, c.want)
		}
	}
	if wgsl.Fours(1) != 1 || wgsl.Fours(4) != 1 || wgsl.Fours(5) != 2 {
		t.Error("Fours")
	}
}

// InHalf packs what a shader writes, unpacks what it reads, and leaves other
// arrays, and those whose columns do not divide by four, as they are.
func TestInHalf(t *testing.T) {
	k := wgsl.Program{
		Body: "@compute @workgroup_size(1)\nfn main() { y_set(0u, 0u, x_at(0u, 0u) * b_at(0u, 0u) + residual_at(0u, 0u)); }\n",
		Arrays: []wgsl.Array{
			{Role: wgsl.X, Columns: 8}, {Role: wgsl.B, Columns: 8}, {Role: wgsl.Residual, Columns: 6}, {Role: wgsl.Y, Columns: 8, Written: true},
		},
		Groups: [3]uint32{1, 1, 1},
	}.Kernel()
	half := k.InHalf(wgsl.X, wgsl.Residual, wgsl.Y, wgsl.Gate)
	for text, want := range map[string]int{" x: array<vec2u>": 1, " y: array<vec2u>": 1, " b: array<vec4f>": 1, " residual: array<f32>": 1, "unpack2x16float(": 2, " = vec2u(pack2x16float(v.xy), pack2x16float(v.zw));": 1} {
		if got := strings.Count(half.Source, text); got != want {
			t.Errorf("%q is there %d times, want %d:\n%s", text, got, want, half.Source)
		}
	}
	if k.Source != k.InHalf().Source {
		t.Error("no role, and another source")
	}
}

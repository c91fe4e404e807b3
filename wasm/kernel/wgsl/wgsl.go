// Package wgsl puts the shaders of the operations together. Each operation has
// a .wgsl file; Program.Kernel puts in front of it a uniform block for its shape,
// the activations, and its storage buffers with accessors that read and write
// four adjacent channels, whether or not the channels divide by four. A shape is
// data and no part of the source, so that all layers of one kind share a pipeline.
package wgsl

import (
	_ "embed"
	"fmt"
	"strings"

	"blastlens/wasm/kernel/activation"
)

// Role says what a binding of a kernel holds; in the shader it is its name.
type Role string

const (
	X        Role = "x"
	W        Role = "w"
	B        Role = "b"
	W2       Role = "w2"
	B2       Role = "b2"
	Gate     Role = "gate"
	Residual Role = "residual"
	Y        Role = "y"
	Scratch  Role = "scratch" // written by one kernel of an operation, read by the next
)

// MaxGroups is how many workgroups a dispatch may have in each dimension on
// every WebGPU device. Shaders keep to the other limits that all devices have:
// 256 invocations a workgroup, 8 storage buffers.
const MaxGroups = 65535

// Target is what kernels are laid out for.
type Target struct {
	// Pictures lie one behind the other in each buffer that has rows of a picture.
	Pictures int
	// Software adapters compute on few cores of the processor and pay for each
	// invocation at a barrier: SwiftShader took about a millisecond a workgroup.
	Software bool
}

// Kernel is one dispatch: entry point "main" of Source, one bind group 0 whose
// binding i holds Bindings[i], and whose last, len(Bindings), is a uniform buffer
// with Shape, where that is not empty. There is no other group. Equal sources share a pipeline.
type Kernel struct {
	Name     string // of the operation and its shape
	Source   string
	Groups   [3]uint32
	Bindings []Role
	Shape    []uint32
}

// ShapeBytes is the size of the uniform buffer: whole vectors of four.
func (k Kernel) ShapeBytes() int { return 16 * Fours(len(k.Shape)) }

// Check reports a grid that WebGPU does not allow.
func (k Kernel) Check() error {
	for i, n := range k.Groups {
		if n < 1 || n > MaxGroups {
			return fmt.Errorf("wgsl: %s: %d workgroups in dimension %d, want 1 to %d", k.Name, n, i, MaxGroups)
		}
	}
	return nil
}

// Array is a storage buffer of float32, seen as [Rows][Columns]. For an array
// named a the shader has
//
//	fn a_at(row: u32, column: u32) -> vec4f
//
// which reads columns 4*column to 4*column+3 of a row, zeros beyond the last
// column; and instead, where Written,
//
//	fn a_set(row: u32, column: u32, v: vec4f)
//
// which drops what is beyond the last column. Neither checks the row.
type Array struct {
	Role    Role
	Name    string // in the shader, where it is not that of the role
	Columns int
	Rows    int  // if not 0, rows from here on are read as zeros
	Written bool // and never read
	Updated bool // read and written: the shader has both functions
	// Absent arrays get no binding; a_at returns Else in all four lanes.
	Absent bool
	Else   float32
}

// InFours is a matrix whose rows are read four at a time: those beyond the last
// one, where rows does not divide by four, are zeros.
func InFours(role Role, rows, columns int) Array {
	a := Array{Role: role, Columns: columns}
	if rows%4 != 0 {
		a.Rows = rows
	}
	return a
}

// Const is a u32 constant of the shader: each value makes a pipeline of its own.
type Const struct {
	Name  string
	Value int
}

// Dim is a u32 of the uniform block, shape.NAME in the shader.
type Dim struct {
	Name  string
	Value int
}

// Program is a shader in its parts.
type Program struct {
	Name   string // of the operation and its shape
	Body   string // the operation's .wgsl file, with a fn main
	Consts []Const
	Dims   []Dim
	Arrays []Array
	Act    activation.Kind // what activate(v: vec4f) -> vec4f does
	Groups [3]uint32
}

//go:embed activation.wgsl
var activations string

// Kernel joins the parts; bindings are numbered in the order of Arrays.
func (p Program) Kernel() Kernel {
	k := Kernel{Name: p.Name, Groups: p.Groups}
	dims := p.Dims
	var s strings.Builder
	for _, c := range p.Consts {
		fmt.Fprintf(&s, "const %s: u32 = %du;\n", c.Name, c.Value)
	}
	for _, a := range p.Arrays {
		if a.Name == "" {
			a.Name = string(a.Role)
		}
		if !a.Absent {
			a.declare(&s, len(k.Bindings))
			k.Bindings = append(k.Bindings, a.Role)
			dims = append(dims, a.dims()...)
		}
		if a.Written || a.Updated {
			a.setter(&s)
		}
		if !a.Written {
			a.getter(&s)
		}
	}
	s.WriteString("struct Shape {\n")
	for _, d := range dims {
		fmt.Fprintf(&s, "    %s: u32,\n", d.Name)
		k.Shape = append(k.Shape, uint32(d.Value))
	}
	fmt.Fprintf(&s, "}\n@group(0) @binding(%d) var<uniform> shape: Shape;\n", len(k.Bindings))
	s.WriteString(activations)
	act := p.Act
	if act == activation.None {
		act = "none"
	}
	fmt.Fprintf(&s, "fn activate(v: vec4f) -> vec4f { return act_%s(v); }\n", act)
	s.WriteString(p.Body)
	k.Source = s.String()
	return k
}

// inFours tells whether an element of the buffer is four channels.
func (a Array) inFours() bool { return a.Columns%4 == 0 }

// dims are what the accessors read of the uniform block: the columns, and the
// rows where they are looked at.
func (a Array) dims() []Dim {
	dims := []Dim{{a.Name + "_columns", a.Columns}}
	if a.inFours() {
		dims[0].Value /= 4
	}
	if a.Rows > 0 {
		dims = append(dims, Dim{a.Name + "_rows", a.Rows})
	}
	return dims
}

func (a Array) declare(s *strings.Builder, binding int) {
	access, element := "read", "f32"
	if a.Written || a.Updated {
		access = "read_write"
	}
	if a.inFours() {
		element = "vec4f"
	}
	fmt.Fprintf(s, "@group(0) @binding(%d) var<storage, %s> %s: array<%s>;\n", binding, access, a.Name, element)
}

func (a Array) getter(s *strings.Builder) {
	fmt.Fprintf(s, "fn %s_at(row: u32, column: u32) -> vec4f {\n", a.Name)
	defer s.WriteString("}\n")
	if a.Absent {
		fmt.Fprintf(s, "    return vec4f(%g);\n", a.Else)
		return
	}
	if a.Rows > 0 {
		fmt.Fprintf(s, "    if (row >= shape.%s_rows) { return vec4f(); }\n", a.Name)
	}
	if a.inFours() {
		fmt.Fprintf(s, "    return %s[row * shape.%[1]s_columns + column];\n", a.Name)
		return
	}
	fmt.Fprintf(s, "    let c = 4u * column;\n    let i = row * shape.%s_columns + c;\n    var v = vec4f();\n", a.Name)
	for lane := range 4 {
		fmt.Fprintf(s, "    if (c + %du < shape.%s_columns) { v[%[1]d] = %[2]s[i + %[1]du]; }\n", lane, a.Name)
	}
	s.WriteString("    return v;\n")
}

func (a Array) setter(s *strings.Builder) {
	fmt.Fprintf(s, "fn %s_set(row: u32, column: u32, v: vec4f) {\n", a.Name)
	defer s.WriteString("}\n")
	if a.inFours() {
		fmt.Fprintf(s, "    %s[row * shape.%[1]s_columns + column] = v;\n", a.Name)
		return
	}
	fmt.Fprintf(s, "    let c = 4u * column;\n    let i = row * shape.%s_columns + c;\n", a.Name)
	for lane := range 4 {
		fmt.Fprintf(s, "    if (c + %du < shape.%s_columns) { %[2]s[i + %[1]du] = v[%[1]d]; }\n", lane, a.Name)
	}
}

// Fours is how many vectors of four hold n channels.
func Fours(n int) int { return (n + 3) / 4 }

// Cover is how many groups of size cover n.
func Cover(n, size int) uint32 { return uint32((n + size - 1) / size) }

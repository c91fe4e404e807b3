// Package wasm assembles WebAssembly modules: functions on 32-bit integers and
// 128-bit vectors over one imported memory. A kernel is Go code that reads like
// the loops it emits:
//
//	f := m.Func("scale", 3, false) // y, x, n: y = 2*x, n bytes
//	y, x, i := f.Param(0), f.Param(1), f.Int()
//	f.For(i, wasm.Const(0), f.Param(2).I32, 16, func() {
//		v := wasm.Load(x.Add(i.I32), 0)
//		f.Store(y.Add(i.I32), 0, v.Add(v))
//	})
//
// Expressions (I32, V128) are values; they become code where a statement, a
// method of Func, uses them, and as often as one does. The bytes depend on
// nothing but the calls made. Package wasm knows no types but these and checks
// no stack: the engine that compiles the module does.
package wasm

// Type is a value type as the binary format has it.
type Type byte

const (
	typeI32  Type = 0x7f
	typeV128 Type = 0x7b
)

// Memory is what a module asks of the memory it imports as "env" "memory".
type Memory struct {
	// Shared memory lets instances in several threads work on one memory. Without
	// it the same code runs in one thread, on hosts that share none.
	Shared bool
}

// maxPages is the whole address space: a host's memory may be of any size.
const maxPages = 1 << 16

// Module is a module under construction.
type Module struct {
	memory Memory
	funcs  []*Func
}

// New begins a module.
func New(memory Memory) *Module { return &Module{memory: memory} }

// Func begins a function of params 32-bit integers that returns one or nothing.
// Functions may call those begun before them.
func (m *Module) Func(name string, params int, result bool) *Func {
	f := &Func{name: name, index: len(m.funcs), params: params, result: result}
	m.funcs = append(m.funcs, f)
	return f
}

// Export makes f callable by the host under its name.
func (f *Func) Export() { f.exported = true }

// sections of the binary format.
const (
	sectionCustom = 0
	sectionType   = 1
	sectionImport = 2
	sectionFunc   = 3
	sectionExport = 7
	sectionCode   = 10
)

// Bytes is the module in the binary format.
func (m *Module) Bytes() []byte {
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

	var types []string // signatures, each once
	typeOf := func(f *Func) int {
		s := f.signature()
		for i, t := range types {
			if t == s {
				return i
			}
		}
		types = append(types, s)
		return len(types) - 1
	}
	var indices, exports, code, names []byte
	exported := 0
	for _, f := range m.funcs {
		indices = unsigned(indices, typeOf(f))
		if f.exported {
			exported++
			exports = unsigned(text(exports, f.name), 0) // kind: function
			exports = unsigned(exports, f.index)
		}
		body := f.body()
		code = append(unsigned(code, len(body)), body...)
		names = text(unsigned(names, f.index), f.name)
	}
	var signatures []byte
	for _, t := range types {
		signatures = append(signatures, t...)
	}

	limits := byte(1) // with a maximum
	if m.memory.Shared {
		limits = 3
	}
	imports := append(text(text(nil, "env"), "memory"), 2, limits) // kind: memory
	imports = unsigned(unsigned(imports, 1), maxPages)

	out = section(out, sectionType, len(types), signatures)
	out = section(out, sectionImport, 1, imports)
	out = section(out, sectionFunc, len(m.funcs), indices)
	out = section(out, sectionExport, exported, exports)
	out = section(out, sectionCode, len(m.funcs), code)

	// Names of functions, for whoever reads a profile or a trap.
	names = append(unsigned(nil, len(m.funcs)), names...)
	custom := append(text(nil, "name"), 1)
	custom = append(unsigned(custom, len(names)), names...)
	out = append(out, sectionCustom)
	return append(unsigned(out, len(custom)), custom...)
}

// section appends a section that is a vector of count items.
func section(out []byte, id byte, count int, items []byte) []byte {
	head := unsigned(nil, count)
	out = unsigned(append(out, id), len(head)+len(items))
	return append(append(out, head...), items...)
}

func text(out []byte, s string) []byte { return append(unsigned(out, len(s)), s...) }

// unsigned appends n in LEB128.
func unsigned(out []byte, n int) []byte {
	for v := uint32(n); ; v >>= 7 {
		if v < 0x80 {
			return append(out, byte(v))
		}
		out = append(out, byte(v)|0x80)
	}
}

// signed appends n in signed LEB128.
func signed(out []byte, n int64) []byte {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

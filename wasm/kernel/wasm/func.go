package wasm

// Func is a function under construction; its methods append statements.
type Func struct {
	name     string
	index    int
	params   int
	result   bool
	exported bool
	locals   []Type
	code     []byte
	depth    int // blocks that are open
}

// Int is a local variable, or a parameter, of 32 bits.
type Int struct {
	I32
	f     *Func
	index int
}

// Vec is a local variable of four float32.
type Vec struct {
	V128
	f     *Func
	index int
}

// Label is a block or loop that a branch can name.
type Label int

func (f *Func) local(t Type) int {
	f.locals = append(f.locals, t)
	return f.params + len(f.locals) - 1
}

func get(index int) []byte { return unsigned([]byte{0x20}, index) }

// Param is parameter i.
func (f *Func) Param(i int) Int { return Int{I32{get(i)}, f, i} }

// Int is a new variable, 0 at first.
func (f *Func) Int() Int {
	i := f.local(typeI32)
	return Int{I32{get(i)}, f, i}
}

// Let is a new variable with a value.
func (f *Func) Let(v I32) Int {
	i := f.Int()
	i.Set(v)
	return i
}

// Vec is a new vector variable, zeros at first.
func (f *Func) Vec() Vec {
	i := f.local(typeV128)
	return Vec{V128{get(i)}, f, i}
}

// Vecs is n new vector variables.
func (f *Func) Vecs(n int) []Vec {
	all := make([]Vec, n)
	for i := range all {
		all[i] = f.Vec()
	}
	return all
}

func (f *Func) emit(parts ...[]byte) {
	for _, p := range parts {
		f.code = append(f.code, p...)
	}
}

// Set assigns.
func (v Int) Set(to I32) { v.f.emit(to.code, unsigned([]byte{0x21}, v.index)) }

// Inc adds a constant.
func (v Int) Inc(n int) { v.Set(v.Plus(n)) }

// Set assigns.
func (v Vec) Set(to V128) { v.f.emit(to.code, unsigned([]byte{0x21}, v.index)) }

// Store32 writes an integer at address+offset.
func (f *Func) Store32(address I32, offset int, v I32) {
	f.emit(address.code, v.code, access([]byte{0x36}, 2, offset))
}

// AtomicStore writes as Store32, in order with other threads' atomic operations.
func (f *Func) AtomicStore(address I32, offset int, v I32) {
	f.emit(address.code, v.code, access([]byte{0xfe, 0x17}, 2, offset))
}

// Store writes four float32 at address+offset.
func (f *Func) Store(address I32, offset int, v V128) {
	f.emit(address.code, v.code, access(simd(11), 4, offset))
}

// Notify wakes every thread that waits at address+offset.
func (f *Func) Notify(address I32, offset int) {
	f.emit(address.code, Const(-1).code, access([]byte{0xfe, 0x00}, 2, offset))
	f.Drop()
}

// Do computes a value for its effect.
func (f *Func) Do(v I32) {
	f.emit(v.code)
	f.Drop()
}

// Drop forgets the value that the last instruction left.
func (f *Func) Drop() { f.emit([]byte{0x1a}) }

// Call calls a function that returns nothing.
func (f *Func) Call(g *Func, arguments ...I32) {
	for _, a := range arguments {
		f.emit(a.code)
	}
	f.emit(unsigned([]byte{0x10}, g.index))
}

// Result is a call of g for its value.
func (g *Func) Result(arguments ...I32) I32 {
	var code []byte
	for _, a := range arguments {
		code = append(code, a.code...)
	}
	return I32{append(code, unsigned([]byte{0x10}, g.index)...)}
}

// Return ends a function that returns nothing.
func (f *Func) Return() { f.emit([]byte{0x0f}) }

// ReturnValue ends a function that returns a value. Such a function ends with one.
func (f *Func) ReturnValue(v I32) { f.emit(v.code, []byte{0x0f}) }

// open begins a block, loop or if and returns its label.
func (f *Func) open(op byte) Label {
	f.emit([]byte{op, 0x40}) // without a value
	f.depth++
	return Label(f.depth)
}

func (f *Func) close() {
	f.emit([]byte{0x0b})
	f.depth--
}

// Block runs body; a branch to end leaves it.
func (f *Func) Block(body func(end Label)) {
	body(f.open(0x02))
	f.close()
}

// Loop runs body once; a branch to again runs it again.
func (f *Func) Loop(body func(again Label)) {
	body(f.open(0x03))
	f.close()
}

// Br goes to a label that is open.
func (f *Func) Br(to Label) { f.emit(unsigned([]byte{0x0c}, f.depth-int(to))) }

// BrIf goes to a label where cond is not 0.
func (f *Func) BrIf(to Label, cond I32) { f.emit(cond.code, unsigned([]byte{0x0d}, f.depth-int(to))) }

// If runs then where cond is not 0.
func (f *Func) If(cond I32, then func()) {
	f.emit(cond.code)
	f.open(0x04)
	then()
	f.close()
}

// IfElse runs then where cond is not 0, else otherwise.
func (f *Func) IfElse(cond I32, then, otherwise func()) {
	f.emit(cond.code)
	f.open(0x04)
	then()
	f.emit([]byte{0x05})
	otherwise()
	f.close()
}

// For sets i to from and runs body while i < to, adding step after each. The
// test stands at the end of a round.
func (f *Func) For(i Int, from, to I32, step int, body func()) {
	i.Set(from)
	f.While(i.Lt(to), func() {
		body()
		i.Inc(step)
	})
}

// While runs body as long as cond is not 0.
func (f *Func) While(cond I32, body func()) {
	f.If(cond, func() {
		f.Loop(func(again Label) {
			body()
			f.BrIf(again, cond)
		})
	})
}

// Switch runs the case that index says; beyond the last, none.
func (f *Func) Switch(index I32, cases ...func()) {
	f.Block(func(end Label) {
		labels := make([]Label, len(cases))
		for i := len(cases) - 1; i >= 0; i-- {
			labels[i] = f.open(0x02)
		}
		f.emit(index.code, unsigned([]byte{0x0e}, len(cases)))
		for _, l := range append(labels, end) {
			f.emit(unsigned(nil, f.depth-int(l)))
		}
		for _, run := range cases {
			f.close()
			run()
			f.Br(end)
		}
	})
}

func (f *Func) signature() string {
	s := unsigned([]byte{0x60}, f.params)
	for range f.params {
		s = append(s, byte(typeI32))
	}
	if f.result {
		return string(append(s, 1, byte(typeI32)))
	}
	return string(append(s, 0))
}

// body is the function's entry in the code section.
func (f *Func) body() []byte {
	var runs []byte // locals, as runs of equal types
	count := 0
	for i := 0; i < len(f.locals); {
		j := i
		for j < len(f.locals) && f.locals[j] == f.locals[i] {
			j++
		}
		runs = append(unsigned(runs, j-i), byte(f.locals[i]))
		count++
		i = j
	}
	out := append(unsigned(nil, count), runs...)
	return append(append(out, f.code...), 0x0b)
}

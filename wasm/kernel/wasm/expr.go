package wasm

import (
	"encoding/binary"
	"math"
)

// I32 is an expression of a 32-bit integer.
type I32 struct{ code []byte }

// V128 is an expression of a vector of four float32.
type V128 struct{ code []byte }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// Const is the integer n.
func Const(n int) I32 { return I32{signed([]byte{0x41}, int64(int32(n)))} }

func (a I32) with(op byte, b I32) I32 { return I32{join(a.code, b.code, []byte{op})} }

func (a I32) Add(b I32) I32 { return a.with(0x6a, b) }
func (a I32) Sub(b I32) I32 { return a.with(0x6b, b) }
func (a I32) Mul(b I32) I32 { return a.with(0x6c, b) }
func (a I32) Div(b I32) I32 { return a.with(0x6e, b) } // unsigned
func (a I32) And(b I32) I32 { return a.with(0x71, b) }
func (a I32) Eq(b I32) I32  { return a.with(0x46, b) }
func (a I32) Ne(b I32) I32  { return a.with(0x47, b) }

// Lt, Gt, Le and Ge compare signed integers.
func (a I32) Lt(b I32) I32 { return a.with(0x48, b) }
func (a I32) Gt(b I32) I32 { return a.with(0x4a, b) }
func (a I32) Le(b I32) I32 { return a.with(0x4c, b) }
func (a I32) Ge(b I32) I32 { return a.with(0x4e, b) }

// Plus is a + n, Times a * n.
func (a I32) Plus(n int) I32  { return a.Add(Const(n)) }
func (a I32) Times(n int) I32 { return a.Mul(Const(n)) }

// Select is a where cond is not 0, else b; both are computed.
func Select(cond, a, b I32) I32 { return I32{join(a.code, b.code, cond.code, []byte{0x1b})} }

// Min is the smaller of two signed integers.
func Min(a, b I32) I32 { return Select(a.Lt(b), a, b) }

// access encodes alignment (log2 of bytes) and offset of a memory operation.
func access(op []byte, align byte, offset int) []byte {
	return unsigned(append(op, align), offset)
}

// Load32 reads the integer at address+offset; offset is not negative.
func Load32(address I32, offset int) I32 {
	return I32{join(address.code, access([]byte{0x28}, 2, offset))}
}

// AtomicLoad reads as Load32, in order with other threads' atomic operations.
func AtomicLoad(address I32, offset int) I32 {
	return I32{join(address.code, access([]byte{0xfe, 0x10}, 2, offset))}
}

// AtomicAdd adds n at address+offset; its value is what was there before.
func AtomicAdd(address I32, offset int, n I32) I32 {
	return I32{join(address.code, n.code, access([]byte{0xfe, 0x1e}, 2, offset))}
}

// Wait sleeps while the shared memory at address+offset holds expected, at most
// nanoseconds. Its value is 0 after a Notify, 1 if another value was there, 2 if
// the time was up.
func Wait(address I32, offset int, expected I32, nanoseconds int64) I32 {
	return I32{join(address.code, expected.code, signed([]byte{0x42}, nanoseconds), access([]byte{0xfe, 0x01}, 2, offset))}
}

// simd is an instruction of the vector prefix.
func simd(op int) []byte { return unsigned([]byte{0xfd}, op) }

// Floats is the vector of four equal constants. Engines build it anew where it
// is used: in a loop, load it.
func Floats(v float32) V128 {
	code := simd(12)
	for range 4 {
		code = binary.LittleEndian.AppendUint32(code, math.Float32bits(v))
	}
	return V128{code}
}

// Load reads four float32 at address+offset.
func Load(address I32, offset int) V128 {
	return V128{join(address.code, access(simd(0), 4, offset))}
}

// Splat reads one float32 at address+offset into all four lanes.
func Splat(address I32, offset int) V128 {
	return V128{join(address.code, access(simd(9), 2, offset))}
}

// LoadBytes reads eight signed bytes at address+offset as 16-bit integers.
func LoadBytes(address I32, offset int) V128 {
	return V128{join(address.code, access(simd(1), 3, offset))}
}

// LowFloats makes float32 of the first four of eight 16-bit integers, HighFloats
// of the others.
func (a V128) LowFloats() V128  { return V128{join(a.code, simd(167), simd(250))} }
func (a V128) HighFloats() V128 { return V128{join(a.code, simd(168), simd(250))} }

func (a V128) with(op int, b V128) V128 { return V128{join(a.code, b.code, simd(op))} }

func (a V128) Add(b V128) V128 { return a.with(228, b) }
func (a V128) Sub(b V128) V128 { return a.with(229, b) }
func (a V128) Mul(b V128) V128 { return a.with(230, b) }
func (a V128) Div(b V128) V128 { return a.with(231, b) }

// LeastOf is b where b < a, else a, and so a where either is not a number. One
// instruction; the standard's minimum is seven on x86.
func (a V128) LeastOf(b V128) V128 { return a.with(234, b) }

// MostOf is b where a < b, else a.
func (a V128) MostOf(b V128) V128 { return a.with(235, b) }

// ShiftLeft shifts the bits of each lane.
func (a V128) ShiftLeft(bits int) V128 { return V128{join(a.code, Const(bits).code, simd(171))} }

// AddBits adds the lanes as integers.
func (a V128) AddBits(b V128) V128 { return a.with(174, b) }

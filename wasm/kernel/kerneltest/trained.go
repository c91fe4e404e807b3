//go:build (linux || darwin || windows) && (amd64 || arm64)

package kerneltest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"blastlens/wasm/kernel/gpu"
	"blastlens/wasm/kernel/wgsl"
)

// Precisions are those in which maps are stored, with the difference that they
// may make beside a float32 reference.
var Precisions = []struct {
	Half      bool
	Tolerance float64
}{{false, GPU}, {true, 4e-3}}

// Trained runs kernels of a backward pass, one after the other, on lavapipe.
// Arrays has one for each role and gets back what is there afterwards; those of
// maps, if any, are in half precision where halves says so and their columns
// divide by four. The tests of one binary share the device.
func Trained(t *testing.T, kernels []wgsl.Kernel, arrays map[wgsl.Role][]float32, halves bool, columns int, maps ...wgsl.Role) {
	t.Helper()
	d, err := lavapipe()
	if err != nil {
		t.Fatalf("%v (build/setup.sh installs it)", err)
	}
	p := d.NewProgram()
	defer p.Close()
	half := func(role wgsl.Role) bool { return halves && columns%4 == 0 && slices.Contains(maps, role) }
	buffers := map[wgsl.Role]gpu.Buffer{}
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	var roles []wgsl.Role
	for role, values := range arrays {
		roles = append(roles, role)
		if half(role) {
			values = packHalf(values)
		}
		buffers[role], err = p.Buffer(string(role), len(values))
		check(err)
		check(p.Write(buffers[role], values))
	}
	for _, k := range kernels {
		if halves && columns%4 == 0 {
			k = k.InHalf(maps...)
		}
		check(k.Check())
		var bound []gpu.Buffer
		for _, role := range k.Bindings {
			b, ok := buffers[role]
			if !ok {
				check(fmt.Errorf("kerneltest: %s: no array for %s", k.Name, role))
			}
			bound = append(bound, b)
		}
		check(p.Add(k, bound))
	}
	for _, role := range roles {
		n := len(arrays[role])
		if half(role) {
			n = (n + 1) / 2
		}
		p.Output(buffers[role], n)
	}
	got, err := p.Run(buffers[roles[0]], first(arrays[roles[0]], half(roles[0])))
	check(err)
	for _, role := range roles {
		to := arrays[role]
		if half(role) {
			copy(to, unpackHalf(got[:len(to)/2]))
			got = got[len(to)/2:]
			continue
		}
		copy(to, got)
		got = got[len(to):]
	}
}

func first(values []float32, half bool) []float32 {
	if half {
		return packHalf(values)
	}
	return values
}

// packHalf is pack2x16float on pairs of values, as the bits of float32.
func packHalf(values []float32) []float32 {
	packed := make([]float32, len(values)/2)
	for i := range packed {
		packed[i] = math.Float32frombits(uint32(toHalf(values[2*i])) | uint32(toHalf(values[2*i+1]))<<16)
	}
	return packed
}

func unpackHalf(packed []float32) []float32 {
	values := make([]float32, 2*len(packed))
	for i, p := range packed {
		bits := math.Float32bits(p)
		values[2*i], values[2*i+1] = fromHalf(uint16(bits)), fromHalf(uint16(bits>>16))
	}
	return values
}

// RoundToHalf rounds values as their way through half precision does.
func RoundToHalf(values []float32) {
	for i, v := range values {
		values[i] = fromHalf(toHalf(v))
	}
}

// toHalf rounds to the nearest half-precision number; small ones become zero.
func toHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	bits &= 0x7fffffff
	if bits < 0x38800000 { // below the smallest normal number
		return sign | uint16(math.Float32frombits(bits)*(1<<24)+.5)
	}
	bits += 0xfff + bits>>13&1 // to even
	return sign | uint16(min((bits-0x38000000)>>13, 0x7c00))
}

func fromHalf(h uint16) float32 {
	sign, bits := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	if bits < 0x400 {
		return math.Float32frombits(sign | math.Float32bits(float32(bits)/(1<<24)))
	}
	return math.Float32frombits(sign | bits<<13 + 0x38000000)
}

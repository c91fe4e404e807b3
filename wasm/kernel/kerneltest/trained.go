//go:build (linux || darwin || windows) && (amd64 || arm64)

package kerneltest

import (
	"math"
	"slices"
	"testing"

	"blastlens/wasm/kernel/wgsl"
)

// Precisions are those in which maps are stored, with the difference that they
// may make beside a float32 reference.
var Precisions = []struct {
	Half      bool
	Tolerance float64
}{{false, GPU}, {true, 4e-3}}

// Trained runs kernels of a backward pass, one after the other, on lavapipe and in
// Chromium, which must agree. Arrays has one for each role and gets back what is
// there afterwards; those of maps, if any, are in half precision where halves says
// so and their columns divide by four. The tests of one binary share the device
// and the browser.
func Trained(t *testing.T, kernels []wgsl.Kernel, arrays map[wgsl.Role][]float32, halves bool, columns int, maps ...wgsl.Role) {
	t.Helper()
	if halves = halves && columns%4 == 0; !halves {
		maps = nil
	}
	var stored []wgsl.Kernel
	for _, k := range kernels {
		if err := k.Check(); err != nil {
			t.Fatal(err)
		}
		for _, role := range k.Bindings {
			if arrays[role] == nil {
				t.Fatalf("kerneltest: %s: no array for %s", k.Name, role)
			}
		}
		stored = append(stored, k.InHalf(maps...))
	}
	buffers, roles := map[wgsl.Role][]float32{}, []wgsl.Role{}
	for role, values := range arrays {
		if buffers[role] = values; slices.Contains(maps, role) {
			buffers[role] = packHalf(values)
		}
		roles = append(roles, role)
	}
	run := func(name string, on func(*job) ([]float32, error)) map[wgsl.Role][]float32 {
		all, err := on(newJob(stored, buffers, roles...))
		if err != nil {
			t.Helper()
			t.Fatalf("%s: %v", name, err)
		}
		got := map[wgsl.Role][]float32{}
		for _, role := range roles {
			got[role], all = all[:len(buffers[role])], all[len(buffers[role]):]
			if slices.Contains(maps, role) {
				got[role] = unpackHalf(got[role])
			}
		}
		return got
	}
	got, other := run("lavapipe", natively), run("Chromium", inChromium)
	tolerance := Precisions[0].Tolerance
	if halves {
		tolerance = Precisions[1].Tolerance
	}
	for _, role := range roles {
		Equal(t, other[role], got[role], tolerance)
		copy(arrays[role], got[role])
	}
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

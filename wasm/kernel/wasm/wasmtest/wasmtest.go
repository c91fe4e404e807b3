//go:build !js

package wasmtest

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// compiled keeps the machine code of a module for later memories.
var compiled = wazero.NewCompilationCache()

// Memory is a memory of its own and the instances on it.
type Memory struct {
	t       testing.TB
	runtime wazero.Runtime
	memory  api.Memory
}

// New makes a memory of so many pages of 64 KiB, zeros at first. It ends with t.
func New(t testing.TB, pages int, shared bool) *Memory {
	t.Helper()
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCompilationCache(compiled).
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesThreads)
	m := &Memory{t: t, runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	t.Cleanup(func() { m.runtime.Close(ctx) })
	env, err := m.runtime.InstantiateWithConfig(ctx, memoryModule(pages, shared), wazero.NewModuleConfig().WithName("env"))
	if err != nil {
		t.Fatal(err)
	}
	m.memory = env.ExportedMemory("memory")
	return m
}

// memoryModule is a module that has nothing but a memory, and exports it.
func memoryModule(pages int, shared bool) []byte {
	limits := []byte{1}
	if shared {
		limits[0] = 3
	}
	limits = binary.AppendUvarint(binary.AppendUvarint(limits, uint64(pages)), uint64(pages))
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0, 5, byte(1 + len(limits)), 1}
	return append(append(out, limits...), 7, 10, 1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0)
}

// Instance is a module on the memory; for each thread there must be one.
type Instance struct {
	t      testing.TB
	module api.Module
}

// Instance compiles and validates module.
func (m *Memory) Instance(module []byte) Instance {
	m.t.Helper()
	in, err := m.runtime.InstantiateWithConfig(context.Background(), module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		m.t.Fatal(err)
	}
	return Instance{m.t, in}
}

// Call runs an exported function and returns its result, 0 if it has none.
func (in Instance) Call(name string, arguments ...int) int {
	in.t.Helper()
	result, err := in.Try(name, arguments...)
	if err != nil {
		in.t.Errorf("%s: %v", name, err)
		return -1
	}
	return result
}

// Try is Call of a function that may trap.
func (in Instance) Try(name string, arguments ...int) (int, error) {
	var words []uint64
	for _, a := range arguments {
		words = append(words, uint64(uint32(a)))
	}
	results, err := in.module.ExportedFunction(name).Call(context.Background(), words...)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return int(int32(results[0])), nil
}

// Write puts float32 at an address.
func (m *Memory) Write(at int, values []float32) {
	m.t.Helper()
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	if !m.memory.Write(uint32(at), data) {
		m.t.Fatalf("%d float32 at %d lie outside the memory of %d bytes", len(values), at, m.memory.Size())
	}
}

// Read returns n float32 at an address.
func (m *Memory) Read(at, n int) []float32 {
	m.t.Helper()
	data, ok := m.memory.Read(uint32(at), uint32(4*n))
	if !ok {
		m.t.Fatalf("%d float32 at %d lie outside the memory of %d bytes", n, at, m.memory.Size())
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values
}

//go:build !js

package module_test

import (
	"bytes"
	"testing"

	"blastlens/wasm/kernel/module"
	"blastlens/wasm/kernel/wasm"
)

// What is served under a hash must not change unless the kernels do.
func TestSameBytes(t *testing.T) {
	for _, shared := range []bool{true, false} {
		a, b := module.Emit(wasm.Memory{Shared: shared}, module.Patience), module.Emit(wasm.Memory{Shared: shared}, module.Patience)
		if !bytes.Equal(a, b) {
			t.Errorf("shared %v: two emissions differ", shared)
		}
		if len(a) > 80_000 {
			t.Errorf("shared %v: the module has %d bytes, want at most 80,000", shared, len(a))
		}
	}
}

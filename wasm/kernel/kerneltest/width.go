package kerneltest

import (
	"os"
	"strings"
	"testing"

	"blastlens/wasm/kernel/lanes"
)

// AssertWidth logs the implementation that runs and fails if it is not the one
// that was asked for: the width in GODEBUG=simd=0|128|256|512, or the scalar
// code in a build without vectors.
func AssertWidth(t testing.TB, implementation string) {
	t.Helper()
	t.Logf("runs %s", implementation)
	want := ""
	for setting := range strings.SplitSeq(os.Getenv("GODEBUG"), ",") {
		if width, ok := strings.CutPrefix(setting, "simd="); ok {
			want = "simd-" + strings.TrimPrefix(width, "+")
		}
	}
	if !lanes.Compiled || want == "simd-0" {
		want = "scalar"
	}
	if want != "" && implementation != want {
		t.Errorf("%s runs, want %s", implementation, want)
	}
}

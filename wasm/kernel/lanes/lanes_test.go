package lanes_test

import (
	"testing"

	"blastlens/wasm/kernel/kerneltest"
	"blastlens/wasm/kernel/lanes"
)

func TestName(t *testing.T) { kerneltest.AssertWidth(t, lanes.Name()) }

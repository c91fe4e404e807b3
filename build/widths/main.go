// Command widths prints the vector widths, in bits, that GODEBUG=simd= may ask
// for on this machine, and 0 for emulation; asking for more ends a program at
// its start. Without the simd experiment it prints nothing.
package main

import (
	"fmt"

	"blastlens/wasm/kernel/lanes"
)

func main() {
	if !lanes.Compiled {
		return
	}
	for width := lanes.Bits(); width >= 128; width /= 2 {
		fmt.Println(width)
	}
	fmt.Println(0)
}

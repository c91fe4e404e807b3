package wgsl

import (
	_ "embed"
	"fmt"

	"blastlens/wasm/kernel/activation"
)

// Roles of the kernels that train.
const (
	DY      Role = "dy"      // the gradient of y
	DW      Role = "dw"      // of w
	DB      Role = "db"      // of b
	Stats   Role = "stats"   // a batch-norm's scale, shift, mean and variance
	Running Role = "running" // its running mean and variance
)

//go:embed slope.wgsl
var slopes string

// Slope is the source of slope(z: vec4f) -> vec4f, the derivative of act at z,
// for the bodies of backward passes.
func Slope(act activation.Kind) string {
	if act == activation.None {
		act = "none"
	}
	return slopes + fmt.Sprintf("fn slope(z: vec4f) -> vec4f { return slope_%s(z); }\n", act)
}

// Parts is in how many parts rows are summed by one kernel each, before another
// adds the parts: as many as give a GPU's cores work where a part has width
// invocations, but each of at least least rows, and at most most.
func Parts(rows, width, least, most int) int {
	const invocations = 1 << 15
	return max(1, min(invocations/max(1, width), rows/least, most))
}

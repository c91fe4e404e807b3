package wgsl

import (
	"fmt"
	"slices"
	"strings"
)

// InHalf is k with the arrays of some roles stored as half-precision numbers, two
// in 32 bits by pack2x16float, which every WebGPU device has; arithmetic stays
// float32. Columns must divide by four: others stay as they are.
func (k Kernel) InHalf(roles ...Role) Kernel {
	var pairs []string
	for _, role := range roles {
		if !slices.Contains(k.Bindings, role) {
			continue
		}
		element := fmt.Sprintf("%s[row * shape.%[1]s_columns + column]", role)
		pairs = append(pairs,
			fmt.Sprintf(" %s: array<vec4f>;", role), fmt.Sprintf(" %s: array<vec2u>;", role),
			"return "+element+";", "let h = "+element+"; return vec4f(unpack2x16float(h.x), unpack2x16float(h.y));",
			element+" = v;", element+" = vec2u(pack2x16float(v.xy), pack2x16float(v.zw));")
	}
	k.Source = strings.NewReplacer(pairs...).Replace(k.Source)
	return k
}

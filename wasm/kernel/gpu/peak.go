//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"fmt"

	"blastlens/wasm/kernel/wgsl"
)

// Peaks are what the device reaches where nothing else is in the way: fused
// multiply-adds in registers, in GFLOP/s, and copying more memory than caches
// hold, in GB/s read and written. Each is the best of a few submissions.
func (d *Device) Peaks() (gflops, gbytes float64, err error) {
	const (
		invocations, row = 64, 1024          // of a workgroup; workgroups in the first dimension of the grid
		rounds, flops    = 512, 8 * 4 * 2    // of one round: eight vectors of four, two operations each
		tall             = row * invocations // vectors in one row of the grid
	)
	// Two buffers of 128 MiB, more than the largest caches of cards, and threads for
	// all of their lanes; on a processor 16 MiB.
	rows, few := 128, 16
	if d.software {
		rows, few = 16, 1
	}
	for size := d.MaxBuffer() / 16; rows > few && rows*tall > size; {
		rows /= 2
	}
	p := d.NewProgram()
	defer p.Close()
	x, err := p.Buffer("source", 4*rows*tall)
	if err != nil {
		return 0, 0, err
	}
	y, err := p.Buffer("target", 4*rows*tall)
	if err != nil {
		return 0, 0, err
	}
	declarations := fmt.Sprintf(`@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(%d)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.y * %du + id.x;
`, invocations, tall)
	multiply := declarations + fmt.Sprintf(`    let a = x[i];
    var s0 = a; var s1 = a + 1.0; var s2 = a + 2.0; var s3 = a + 3.0;
    var s4 = a + 4.0; var s5 = a + 5.0; var s6 = a + 6.0; var s7 = a + 7.0;
    for (var k = 0u; k < %du; k++) {
        s0 = fma(s0, a, a); s1 = fma(s1, a, a); s2 = fma(s2, a, a); s3 = fma(s3, a, a);
        s4 = fma(s4, a, a); s5 = fma(s5, a, a); s6 = fma(s6, a, a); s7 = fma(s7, a, a);
    }
    y[i] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
}
`, rounds)
	for _, k := range []wgsl.Kernel{
		{Name: "peak of arithmetic", Source: multiply, Groups: [3]uint32{row, uint32(few), 1}},
		{Name: "peak of copying", Source: declarations + "    y[i] = x[i];\n}\n", Groups: [3]uint32{row, uint32(rows), 1}},
	} {
		if err := p.Add(k, []Buffer{x, y}); err != nil {
			return 0, 0, err
		}
	}
	multiplying, err := p.fastest(0)
	if err != nil {
		return 0, 0, err
	}
	copying, err := p.fastest(1)
	if err != nil {
		return 0, 0, err
	}
	vectors := func(rows int) float64 { return float64(rows) * tall }
	return vectors(few) * rounds * flops / float64(multiplying.Nanoseconds()), vectors(rows) * 2 * 16 / float64(copying.Nanoseconds()), nil
}

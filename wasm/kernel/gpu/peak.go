//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"fmt"
	"time"

	"blastlens/wasm/kernel/wgsl"
)

// enough is how long a submission is to take that a peak is measured by.
const enough = 50 * time.Millisecond

// Peaks are what the device reaches where nothing else is in the way: fused
// multiply-adds in registers, in GFLOP/s, and copying memory, in GB/s read and
// written. Each is the best of
// ever longer submissions.
func (d *Device) Peaks() (gflops, gbytes float64, err error) {
	const (
		groups, invocations = 512, 64
		rounds, flops       = 512, 8 * 4 * 2 // of one round: eight vectors of four, two operations each
		vectors             = 1 << 20        // 16 MiB
	)
	p := d.NewProgram()
	defer p.Close()
	x, err := p.Buffer("source", 4*vectors)
	if err != nil {
		return 0, 0, err
	}
	y, err := p.Buffer("target", 4*vectors)
	if err != nil {
		return 0, 0, err
	}
	const declarations = `@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
`
	multiply := declarations + fmt.Sprintf(`@compute @workgroup_size(%d)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let a = x[id.x];
    var s0 = a; var s1 = a + 1.0; var s2 = a + 2.0; var s3 = a + 3.0;
    var s4 = a + 4.0; var s5 = a + 5.0; var s6 = a + 6.0; var s7 = a + 7.0;
    for (var i = 0u; i < %du; i++) {
        s0 = fma(s0, a, a); s1 = fma(s1, a, a); s2 = fma(s2, a, a); s3 = fma(s3, a, a);
        s4 = fma(s4, a, a); s5 = fma(s5, a, a); s6 = fma(s6, a, a); s7 = fma(s7, a, a);
    }
    y[id.x] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
}
`, invocations, rounds)
	copying := declarations + fmt.Sprintf(`@compute @workgroup_size(%d)
fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x]; }
`, invocations)
	for _, k := range []wgsl.Kernel{
		{Name: "peak of arithmetic", Source: multiply, Groups: [3]uint32{groups, 1, 1}},
		{Name: "peak of copying", Source: copying, Groups: [3]uint32{vectors / invocations, 1, 1}},
	} {
		if err := p.Add(k, []Buffer{x, y}); err != nil {
			return 0, 0, err
		}
	}
	best := [2]time.Duration{time.Hour, time.Hour}
	for i := range best {
		// So often in a submission that what it costs by itself is little.
		for n := 1; ; n *= 2 {
			start := time.Now()
			if err := p.Repeat(i, i+1, n); err != nil {
				return 0, 0, err
			}
			took := time.Since(start)
			best[i] = min(best[i], took/time.Duration(n))
			if took > enough || n == 1<<12 {
				break
			}
		}
	}
	return groups * invocations * rounds * flops / float64(best[0].Nanoseconds()), 2 * 16 * vectors / float64(best[1].Nanoseconds()), nil
}

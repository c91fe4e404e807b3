// The average, and where MAX the maximum, of each channel over all pixels
// x [PIXELS,C] -> y [C] averages, or [2,C] maxima, then averages
// One invocation reduces four channels. There is no workgroup memory: a barrier
// costs SwiftShader about a millisecond a workgroup.

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    if (c >= C4) { return; }
    var sum = vec4f();
    var top = x_at(0u, c);
    for (var p = 0u; p < PIXELS; p++) {
        let v = x_at(p, c);
        sum += v;
        top = max(top, v);
    }
    if (MAX == 1u) { y_set(0u, c, top); }
    y_set(MAX, c, sum / f32(PIXELS));
}

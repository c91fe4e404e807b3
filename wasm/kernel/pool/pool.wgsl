// The average, and where MAX the maximum, of each channel over all pixels
// x [PIXELS,C] -> y [C] averages, or [2,C] maxima, then averages
// A workgroup takes eight vectors of four channels; its 32 rows of invocations
// share the pixels.

var<workgroup> sums: array<vec4f, 256>;
var<workgroup> tops: array<vec4f, 256>;

@compute @workgroup_size(8, 32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let c = id.x;
    let lane = local.y;
    let mine = lane * 8u + local.x;
    if (c < C4) {
        var sum = vec4f();
        var top = x_at(min(lane, PIXELS - 1u), c);
        for (var p = lane; p < PIXELS; p += 32u) {
            let v = x_at(p, c);
            sum += v;
            top = max(top, v);
        }
        sums[mine] = sum;
        tops[mine] = top;
    }
    workgroupBarrier();
    if (c >= C4 || lane > 0u) { return; }
    var sum = sums[local.x];
    var top = tops[local.x];
    for (var i = 1u; i < 32u; i++) {
        sum += sums[i * 8u + local.x];
        top = max(top, tops[i * 8u + local.x]);
    }
    if (MAX == 1u) { y_set(0u, c, top); }
    y_set(MAX, c, sum / f32(PIXELS));
}

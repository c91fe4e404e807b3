// Statistics of a batch from those of its parts (Chan, Golub and LeVeque 1979)
// x [parts,2,c] means and squared deviations, w gamma, b beta, running [2,c]
// -> stats [4,c]: scale, shift, mean, biased variance; running is moved
// One workgroup joins the parts of four channels.

var<workgroup> partial: array<vec4f, 64>;

fn total(lane: u32, v: vec4f) -> vec4f {
    partial[lane] = v;
    workgroupBarrier();
    var sum = vec4f();
    for (var i = 0u; i < 64u; i++) { sum += partial[i]; }
    workgroupBarrier();
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let c = group.x;
    let first = x_at(0u, c);
    let all = f32(shape.rows);
    var v = vec4f();
    for (var p = lane; p < shape.parts; p += 64u) {
        let begin = min(p * shape.part, shape.rows);
        v += f32(min(begin + shape.part, shape.rows) - begin) * (x_at(2u * p, c) - first);
    }
    let mean = first + total(lane, v) / all;
    v = vec4f();
    for (var p = lane; p < shape.parts; p += 64u) {
        let begin = min(p * shape.part, shape.rows);
        let d = x_at(2u * p, c) - mean;
        v += x_at(2u * p + 1u, c) + f32(min(begin + shape.part, shape.rows) - begin) * d * d;
    }
    let squares = total(lane, v);
    if (lane != 0u) { return; }
    let variance = squares / all;
    let scale = w_at(0u, c) / sqrt(variance + EPS);
    stats_set(0u, c, scale);
    stats_set(1u, c, b_at(0u, c) - mean * scale);
    stats_set(2u, c, mean);
    stats_set(3u, c, variance);
    let was = running_at(0u, c);
    running_set(0u, c, was + MOMENTUM * (mean - was));
    let wide = running_at(1u, c);
    running_set(1u, c, wide + MOMENTUM * (squares / max(1.0, all - 1.0) - wide));
}

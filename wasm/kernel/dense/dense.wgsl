// act(x·w + b)
// x [C], w [C,M], b [M] -> y [M]
// A workgroup computes eight vectors of four outputs; its 32 rows of
// invocations share the inputs.

var<workgroup> sums: array<vec4f, 256>;

@compute @workgroup_size(8, 32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let m = id.x;
    let lane = local.y;
    if (m < M4) {
        var sum = vec4f();
        for (var c = lane; c < C4; c += 32u) {
            let v = x_at(0u, c);
            sum += v.x * w_at(4u * c, m);
            sum += v.y * w_at(4u * c + 1u, m);
            sum += v.z * w_at(4u * c + 2u, m);
            sum += v.w * w_at(4u * c + 3u, m);
        }
        sums[lane * 8u + local.x] = sum;
    }
    workgroupBarrier();
    if (m >= M4 || lane > 0u) { return; }
    var sum = b_at(0u, m);
    for (var i = 0u; i < 32u; i++) { sum += sums[i * 8u + local.x]; }
    y_set(0u, m, activate(sum));
}

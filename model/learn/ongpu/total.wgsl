// x [rows] in fours -> y, the sum of all in each lane
// One workgroup adds them up, always in the same order.

var<workgroup> partial: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = vec4f();
    for (var r = lane; r < shape.rows; r += 64u) { sum += x_at(r, 0u); }
    partial[lane] = sum;
    workgroupBarrier();
    if (lane != 0u) { return; }
    for (var i = 1u; i < 64u; i++) { sum += partial[i]; }
    y_set(0u, 0u, vec4f(sum.x + sum.y + sum.z + sum.w));
}

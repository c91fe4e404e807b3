// The sum of all rows
// x [rows,c] -> y [c]
// One invocation sums four columns, always in the same order.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= shape.c4) { return; }
    var sum = vec4f();
    for (var r = 0u; r < shape.rows; r++) { sum += x_at(r, id.x); }
    y_set(0u, id.x, sum);
}

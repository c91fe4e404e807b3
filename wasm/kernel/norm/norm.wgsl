// act(x*w + b), w the scale and b the shift of a channel
// x [rows,c], w [c], b [c] -> y [rows,c]
// One invocation computes four channels of a row.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let row = id.y;
    if (c >= shape.c4 || row >= shape.rows) { return; }
    y_set(row, c, activate(fma(x_at(row, c), w_at(0u, c), b_at(0u, c))));
}

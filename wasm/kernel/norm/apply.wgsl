// act(x*scale + shift)*gate + residual, as training computes it
// x [rows,c], stats [4,c], gate [rows/pixels,c], residual [rows,c] -> y [rows,c]
// One invocation computes four channels of a row.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let row = id.y + 8u * 65535u * id.z;
    if (c >= shape.c4 || row >= shape.rows) { return; }
    let v = activate(fma(x_at(row, c), stats_at(0u, c), stats_at(1u, c)));
    y_set(row, c, v * gate_at(row / shape.pixels, c) + residual_at(row, c));
}

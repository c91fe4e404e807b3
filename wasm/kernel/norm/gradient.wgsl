// The input's gradient, from that after the activation, which g_at reads
// x [rows,c], stats [4,c], w [3,c] as settle.wgsl makes it -> y [rows,c]
// One invocation computes four channels of a row.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let row = id.y + 8u * 65535u * id.z;
    if (c >= shape.c4 || row >= shape.rows) { return; }
    let v = x_at(row, c);
    let g = g_at(row, c) * slope(fma(v, stats_at(0u, c), stats_at(1u, c)));
    y_set(row, c, fma(w_at(0u, c), g, fma(w_at(1u, c), v, w_at(2u, c))));
}

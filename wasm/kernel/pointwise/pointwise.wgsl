// act((x*gate)·w + b) + residual
// x [ROWS,C], w [C,M], b [M], gate [C], residual [ROWS,M] -> y [ROWS,M]
// One invocation computes four rows of four output channels.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let row = 4u * id.y;
    if (m >= M4 || row >= ROWS) { return; }
    // Rows beyond the last read the last one again; they are not stored.
    let r1 = min(row + 1u, ROWS - 1u);
    let r2 = min(row + 2u, ROWS - 1u);
    let r3 = min(row + 3u, ROWS - 1u);
    var s0 = b_at(0u, m);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (var c = 0u; c < C4; c++) {
        let g = gate_at(0u, c);
        let x0 = x_at(row, c) * g;
        let x1 = x_at(r1, c) * g;
        let x2 = x_at(r2, c) * g;
        let x3 = x_at(r3, c) * g;
        for (var lane = 0u; lane < 4u; lane++) {
            let k = w_at(4u * c + lane, m);
            s0 += x0[lane] * k;
            s1 += x1[lane] * k;
            s2 += x2[lane] * k;
            s3 += x3[lane] * k;
        }
    }
    y_set(row, m, activate(s0) + residual_at(row, m));
    if (row + 1u < ROWS) { y_set(r1, m, activate(s1) + residual_at(r1, m)); }
    if (row + 2u < ROWS) { y_set(r2, m, activate(s2) + residual_at(r2, m)); }
    if (row + 3u < ROWS) { y_set(r3, m, activate(s3) + residual_at(r3, m)); }
}

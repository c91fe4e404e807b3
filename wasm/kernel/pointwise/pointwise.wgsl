// act((x*gate)·w + b) + residual
// x [pictures,rows,c], w [c,m], b [m], gate [pictures,c], residual and y [pictures,rows,m]
// One invocation computes eight rows of four output channels.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let row = 8u * id.y;
    if (m >= shape.m4 || row >= shape.rows) { return; }
    let before = id.z * shape.rows;
    let r0 = before + row;
    // Rows beyond the last read the last one again; they are not stored.
    let r1 = before + min(row + 1u, shape.rows - 1u);
    let r2 = before + min(row + 2u, shape.rows - 1u);
    let r3 = before + min(row + 3u, shape.rows - 1u);
    let r4 = before + min(row + 4u, shape.rows - 1u);
    let r5 = before + min(row + 5u, shape.rows - 1u);
    let r6 = before + min(row + 6u, shape.rows - 1u);
    let r7 = before + min(row + 7u, shape.rows - 1u);
    var s0 = b_at(0u, m);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    var s4 = s0;
    var s5 = s0;
    var s6 = s0;
    var s7 = s0;
    for (var c = 0u; c < shape.c4; c++) {
        let w0 = w_at(4u * c, m);
        let w1 = w_at(4u * c + 1u, m);
        let w2 = w_at(4u * c + 2u, m);
        let w3 = w_at(4u * c + 3u, m);
        let g = gate_at(id.z, c);
        let x0 = x_at(r0, c) * g;
        s0 += x0.x * w0 + x0.y * w1 + x0.z * w2 + x0.w * w3;
        let x1 = x_at(r1, c) * g;
        s1 += x1.x * w0 + x1.y * w1 + x1.z * w2 + x1.w * w3;
        let x2 = x_at(r2, c) * g;
        s2 += x2.x * w0 + x2.y * w1 + x2.z * w2 + x2.w * w3;
        let x3 = x_at(r3, c) * g;
        s3 += x3.x * w0 + x3.y * w1 + x3.z * w2 + x3.w * w3;
        let x4 = x_at(r4, c) * g;
        s4 += x4.x * w0 + x4.y * w1 + x4.z * w2 + x4.w * w3;
        let x5 = x_at(r5, c) * g;
        s5 += x5.x * w0 + x5.y * w1 + x5.z * w2 + x5.w * w3;
        let x6 = x_at(r6, c) * g;
        s6 += x6.x * w0 + x6.y * w1 + x6.z * w2 + x6.w * w3;
        let x7 = x_at(r7, c) * g;
        s7 += x7.x * w0 + x7.y * w1 + x7.z * w2 + x7.w * w3;
    }
    y_set(r0, m, activate(s0) + residual_at(r0, m));
    if (row + 1u < shape.rows) { y_set(r1, m, activate(s1) + residual_at(r1, m)); }
    if (row + 2u < shape.rows) { y_set(r2, m, activate(s2) + residual_at(r2, m)); }
    if (row + 3u < shape.rows) { y_set(r3, m, activate(s3) + residual_at(r3, m)); }
    if (row + 4u < shape.rows) { y_set(r4, m, activate(s4) + residual_at(r4, m)); }
    if (row + 5u < shape.rows) { y_set(r5, m, activate(s5) + residual_at(r5, m)); }
    if (row + 6u < shape.rows) { y_set(r6, m, activate(s6) + residual_at(r6, m)); }
    if (row + 7u < shape.rows) { y_set(r7, m, activate(s7) + residual_at(r7, m)); }
}

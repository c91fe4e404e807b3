// xᵀ·dy, the rows in parts that are to be added up
// x [rows,c], dy [rows,m] -> y [parts,c,m]
// One invocation sums eight channels of x by four of dy over a part's rows.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let c = 2u * id.y;
    if (m >= shape.m4 || c >= shape.c4) { return; }
    let next = min(c + 1u, shape.c4 - 1u);
    let begin = id.z * shape.part;
    let end = min(begin + shape.part, shape.rows);
    var s0 = vec4f();
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    var s4 = s0;
    var s5 = s0;
    var s6 = s0;
    var s7 = s0;
    for (var r = begin; r < end; r++) {
        let d = dy_at(r, m);
        let a = x_at(r, c);
        let b = x_at(r, next);
        s0 += a.x * d;
        s1 += a.y * d;
        s2 += a.z * d;
        s3 += a.w * d;
        s4 += b.x * d;
        s5 += b.y * d;
        s6 += b.z * d;
        s7 += b.w * d;
    }
    let left = shape.c - 4u * c;
    let at = id.z * shape.c + 4u * c;
    y_set(at, m, s0);
    if (left > 1u) { y_set(at + 1u, m, s1); }
    if (left > 2u) { y_set(at + 2u, m, s2); }
    if (left > 3u) { y_set(at + 3u, m, s3); }
    if (left > 4u) { y_set(at + 4u, m, s4); }
    if (left > 5u) { y_set(at + 5u, m, s5); }
    if (left > 6u) { y_set(at + 6u, m, s6); }
    if (left > 7u) { y_set(at + 7u, m, s7); }
}

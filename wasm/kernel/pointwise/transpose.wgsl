// x [c,m] -> y [m,c]
// One invocation turns four by four values.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let c = id.y;
    if (m >= shape.m4 || c >= shape.c4) { return; }
    let a = x_at(4u * c, m);
    let b = x_at(4u * c + 1u, m);
    let d = x_at(4u * c + 2u, m);
    let e = x_at(4u * c + 3u, m);
    y_set(4u * m, c, vec4f(a.x, b.x, d.x, e.x));
    if (4u * m + 1u < shape.m) { y_set(4u * m + 1u, c, vec4f(a.y, b.y, d.y, e.y)); }
    if (4u * m + 2u < shape.m) { y_set(4u * m + 2u, c, vec4f(a.z, b.z, d.z, e.z)); }
    if (4u * m + 3u < shape.m) { y_set(4u * m + 3u, c, vec4f(a.w, b.w, d.w, e.w)); }
}

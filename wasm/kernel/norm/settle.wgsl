// Gradients of gamma and beta, and the input's as a linear function of gradient
// and input, from the sums of slopes.wgsl
// x [parts,2,c], stats [4,c], w gamma -> y [3,c] the factors a, b and d of
// dx = a*g + b*x + d; dw of gamma, db of beta
// One workgroup joins the parts of four channels.

var<workgroup> sums: array<vec4f, 64>;
var<workgroup> products: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let c = group.x;
    var s = vec4f();
    var t = vec4f();
    for (var p = lane; p < shape.parts; p += 64u) {
        s += x_at(2u * p, c);
        t += x_at(2u * p + 1u, c);
    }
    sums[lane] = s;
    products[lane] = t;
    workgroupBarrier();
    if (lane != 0u) { return; }
    for (var i = 1u; i < 64u; i++) {
        s += sums[i];
        t += products[i];
    }
    let i = 1.0 / sqrt(stats_at(3u, c) + EPS);
    let n = f32(shape.rows);
    let a = w_at(0u, c) * i;
    let b = -a * i * i * t / n;
    y_set(0u, c, a);
    y_set(1u, c, b);
    y_set(2u, c, -a * s / n - b * stats_at(2u, c));
    dw_set(0u, c, t * i);
    db_set(0u, c, s);
}

// act(x·w + b)
// x [pictures,c], w [c,m], b [m] -> y [pictures,m]
// One invocation computes four outputs.

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    if (m >= shape.m4) { return; }
    var sum = b_at(0u, m);
    for (var c = 0u; c < shape.c4; c++) {
        let v = x_at(id.z, c);
        sum += v.x * w_at(4u * c, m);
        sum += v.y * w_at(4u * c + 1u, m);
        sum += v.z * w_at(4u * c + 2u, m);
        sum += v.w * w_at(4u * c + 3u, m);
    }
    y_set(id.z, m, activate(sum));
}

// act((x*gate)·w + b) + residual, for few rows of many channels
// x [pictures,rows,c], w [c,m], b [m], gate [pictures,c], residual and y [pictures,rows,m]
// A workgroup computes four rows of 32 output channels. Its invocations with one
// local x sum every eighth vector of the input channels each, for four rows of
// four output channels; then four of them add the eight sums of a row up.

const SPLITS = 8u;

var<workgroup> partial: array<vec4f, 256>; // [SPLITS][4 rows][8]

@compute @workgroup_size(8, SPLITS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
    // Beyond the last channel or row the last is computed again; it is not stored.
    let m = min(id.x, shape.m4 - 1u);
    let row = 4u * group.y;
    let before = id.z * shape.rows;
    let r0 = before + row;
    let r1 = before + min(row + 1u, shape.rows - 1u);
    let r2 = before + min(row + 2u, shape.rows - 1u);
    let r3 = before + min(row + 3u, shape.rows - 1u);
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    for (var c = local.y; c < shape.c4; c += SPLITS) {
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
    }
    let at = 32u * local.y + local.x;
    partial[at] = s0;
    partial[at + 8u] = s1;
    partial[at + 16u] = s2;
    partial[at + 24u] = s3;
    workgroupBarrier();
    if (local.y >= 4u || row + local.y >= shape.rows || id.x >= shape.m4) { return; }
    var sum = b_at(0u, m);
    for (var split = 0u; split < SPLITS; split++) { sum += partial[32u * split + 8u * local.y + local.x]; }
    let r = r0 + local.y;
    y_set(r, m, activate(sum) + residual_at(r, m));
}

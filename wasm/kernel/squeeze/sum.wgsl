// Sums over the pixels of each picture: of x, as its mean; or of x*dy, as the
// gradient before the gate's sigmoid
// x, dy [pictures,pixels,c], gate [pictures,c] -> y [pictures,c]
// One workgroup reduces 32 channels of a picture.

var<workgroup> partial: array<vec4f, 256>;

@compute @workgroup_size(8, 32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let c = 8u * group.x + local.x;
    let before = group.y * shape.pixels;
    var sum = vec4f();
    if (c < shape.c4) {
        for (var p = local.y; p < shape.pixels; p += 32u) { sum += x_at(before + p, c) * dy_at(before + p, c); }
    }
    partial[8u * local.y + local.x] = sum;
    workgroupBarrier();
    if (local.y != 0u || c >= shape.c4) { return; }
    for (var i = 1u; i < 32u; i++) { sum += partial[8u * i + local.x]; }
    if (MEAN == 1u) {
        y_set(group.y, c, sum / f32(shape.pixels));
        return;
    }
    let v = gate_at(group.y, c);
    y_set(group.y, c, sum * v * (1.0 - v));
}

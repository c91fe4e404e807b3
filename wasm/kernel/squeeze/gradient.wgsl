// The gradient of a gated map's input, in place of that of its output: through
// the product, and through the gate, whose means have the gradient x
// x, gate [pictures,c], y [pictures,pixels,c]
// One invocation computes four channels of a pixel.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let pixel = id.y;
    let picture = id.z;
    if (c >= shape.c4 || pixel >= shape.pixels) { return; }
    let row = picture * shape.pixels + pixel;
    y_set(row, c, y_at(row, c) * gate_at(picture, c) + x_at(picture, c) / f32(shape.pixels));
}

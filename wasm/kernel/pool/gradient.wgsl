// The gradient of a pool's input: an average gives each pixel its share, a
// maximum all to the first pixel that has it
// x [pictures,pixels,c], dy [pictures,1 or 2,c] -> y [pictures,pixels,c]
// One invocation computes all pixels of four channels.

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    if (c >= shape.c4) { return; }
    let before = id.y * shape.pixels;
    let share = dy_at(id.y * (1u + MAX) + MAX, c) / f32(shape.pixels);
    var all = vec4f();
    var best = vec4u();
    if (MAX == 1u) {
        all = dy_at(id.y * 2u, c);
        var top = x_at(before, c);
        for (var p = 1u; p < shape.pixels; p++) {
            let v = x_at(before + p, c);
            best = select(best, vec4u(p), v > top);
            top = max(top, v);
        }
    }
    for (var p = 0u; p < shape.pixels; p++) {
        y_set(before + p, c, share + select(vec4f(), all, best == vec4u(p)));
    }
}

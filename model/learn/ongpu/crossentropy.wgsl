// The gradient of the mean cross-entropy with soft targets, times the loss scale
// x logits [pictures,classes], labels [pictures,classes], settings -> y as x
// One invocation takes a picture.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    if (i >= shape.pictures) { return; }
    var top = x_at(i, 0u).x;
    for (var c = 0u; c < shape.classes; c++) { top = max(top, x_at(i, c / 4u)[c % 4u]); }
    var sum = 0.0;
    var mass = 0.0;
    for (var c = 0u; c < shape.classes; c++) {
        sum += exp(x_at(i, c / 4u)[c % 4u] - top);
        mass += labels_at(i, c / 4u)[c % 4u];
    }
    let scale = settings_at(7u, 0u).x / f32(shape.pictures);
    for (var c = 0u; c < shape.c4; c++) { y_set(i, c, scale * (exp(x_at(i, c) - top) / sum * mass - labels_at(i, c))); }
}

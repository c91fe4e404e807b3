// y*act'(x), in place
// x, y [rows,c]

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= shape.c4 || id.y >= shape.rows) { return; }
    y_set(id.y, id.x, y_at(id.y, id.x) * slope(x_at(id.y, id.x)));
}

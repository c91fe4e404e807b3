// Sums of the squares of all gradients that learn, a sum an invocation
// x gradients in fours, group [blocks], settings -> y [invocations] in fours

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    var sum = vec4f();
    for (var i = id.x; i < shape.fours; i += shape.invocations) {
        if (learns(i)) {
            let g = x_at(i, 0u);
            sum += g * g;
        }
    }
    y_set(id.x, 0u, sum);
}

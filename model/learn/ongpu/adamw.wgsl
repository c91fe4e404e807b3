// A step of AdamW on all parameters, the gradient clipped by its common norm;
// nothing where that is not finite
// x gradients, total the sum of their squares, weights, first and second moments,
// all in fours; group [blocks]; settings
// One invocation takes four values.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    let sum = total_at(0u, 0u).x;
    if (i >= shape.fours || !learns(i) || (bitcast<u32>(sum) & 0x7f800000u) == 0x7f800000u) { return; }
    let moments = settings_at(6u, 0u);
    let limits = settings_at(7u, 0u);
    let length = sqrt(sum) * limits.y;
    var scale = limits.y;
    if (limits.z > 0.0 && length > limits.z) { scale *= limits.z / length; }
    let g = x_at(i, 0u) * scale;
    let first = moments.x * first_at(i, 0u) + (1.0 - moments.x) * g;
    let second = moments.y * second_at(i, 0u) + (1.0 - moments.y) * g * g;
    first_set(i, 0u, first);
    second_set(i, 0u, second);
    let own = settings_at(group_of(i), 0u);
    weights_set(i, 0u, own.x * weights_at(i, 0u) - own.y * first / (sqrt(second) * moments.z + moments.w));
}

// Statistics where the running ones are used
// running [2,c], w gamma, b beta -> stats [4,c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    if (c >= shape.c4) { return; }
    let scale = w_at(0u, c) / sqrt(running_at(1u, c) + EPS);
    stats_set(0u, c, scale);
    stats_set(1u, c, b_at(0u, c) - running_at(0u, c) * scale);
    stats_set(2u, c, running_at(0u, c));
    stats_set(3u, c, running_at(1u, c));
}

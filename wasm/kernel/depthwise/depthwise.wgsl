// act(conv(x, w) + b), each channel by itself, padding K/2
// x [H,W,C], w [K,K,C], b [C] -> y [OUT_H,OUT_W,C]
// One invocation computes one pixel of four channels.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let ox = id.y;
    let oy = id.z;
    if (c >= C4 || ox >= OUT_W) { return; }
    var sum = b_at(0u, c);
    for (var ky = 0u; ky < K; ky++) {
        // Above the picture iy wraps around to a large number.
        let iy = oy * STRIDE + ky - K / 2u;
        if (iy >= H) { continue; }
        for (var kx = 0u; kx < K; kx++) {
            let ix = ox * STRIDE + kx - K / 2u;
            if (ix >= W) { continue; }
            sum += x_at(iy * W + ix, c) * w_at(ky * K + kx, c);
        }
    }
    y_set(oy * OUT_W + ox, c, activate(sum));
}

// act(conv(x, w) + b), each channel by itself, padding K/2
// x [H,W,C], w [K,K,C], b [C] -> y [OUT_H,OUT_W,C]
// One invocation computes four adjacent pixels of four channels.

fn pixel(iy: u32, ix: u32, c: u32) -> vec4f {
    return select(vec4f(), x_at(iy * W + min(ix, W - 1u), c), ix < W);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let ox = 4u * id.y;
    let oy = id.z;
    if (c >= C4 || ox >= OUT_W) { return; }
    var s0 = b_at(0u, c);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (var ky = 0u; ky < K; ky++) {
        // Above and left of the picture iy and ix wrap around to large numbers.
        let iy = oy * STRIDE + ky - K / 2u;
        if (iy >= H) { continue; }
        for (var kx = 0u; kx < K; kx++) {
            let ix = ox * STRIDE + kx - K / 2u;
            let k = w_at(ky * K + kx, c);
            s0 += k * pixel(iy, ix, c);
            s1 += k * pixel(iy, ix + STRIDE, c);
            s2 += k * pixel(iy, ix + 2u * STRIDE, c);
            s3 += k * pixel(iy, ix + 3u * STRIDE, c);
        }
    }
    let at = oy * OUT_W + ox;
    y_set(at, c, activate(s0));
    if (ox + 1u < OUT_W) { y_set(at + 1u, c, activate(s1)); }
    if (ox + 2u < OUT_W) { y_set(at + 2u, c, activate(s2)); }
    if (ox + 3u < OUT_W) { y_set(at + 3u, c, activate(s3)); }
}

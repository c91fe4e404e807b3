// act(conv(x, w) + b), 3x3, stride 2, padding 1
// x [H,W,3], w [3,3,3,M] (ky,kx,in,out), b [M] -> y [OUT_H,OUT_W,M]
// One invocation computes one pixel of four output channels.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let ox = id.y;
    let oy = id.z;
    if (m >= M4 || ox >= OUT_W) { return; }
    var sum = b_at(0u, m);
    for (var ky = 0u; ky < 3u; ky++) {
        // Above the picture iy wraps around to a large number.
        let iy = oy * 2u + ky - 1u;
        if (iy >= H) { continue; }
        for (var kx = 0u; kx < 3u; kx++) {
            let ix = ox * 2u + kx - 1u;
            if (ix >= W) { continue; }
            let rgb = x_at(iy * W + ix, 0u);
            let k = 3u * (ky * 3u + kx);
            sum += rgb.r * w_at(k, m) + rgb.g * w_at(k + 1u, m) + rgb.b * w_at(k + 2u, m);
        }
    }
    y_set(oy * OUT_W + ox, m, activate(sum));
}

// act(conv(x, w) + b), each channel by itself, padding K/2
// x [pictures,h,w,c], w [K,K,c], b [c] -> y [pictures,out_h,out_w,c]
// One invocation computes four adjacent pixels of four channels.

// row counts from the first picture's first.
fn pixel(row: u32, ix: u32, c: u32) -> vec4f {
    return select(vec4f(), x_at(row * shape.w + min(ix, shape.w - 1u), c), ix < shape.w);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let ox = 4u * id.y;
    let picture = id.z / shape.out_h;
    let oy = id.z % shape.out_h;
    if (c >= shape.c4 || ox >= shape.out_w) { return; }
    var s0 = b_at(0u, c);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (var ky = 0u; ky < K; ky++) {
        // Above and left of the picture iy and ix wrap around to large numbers.
        let iy = oy * STRIDE + ky - K / 2u;
        if (iy >= shape.h) { continue; }
        let row = picture * shape.h + iy;
        for (var kx = 0u; kx < K; kx++) {
            let ix = ox * STRIDE + kx - K / 2u;
            let k = w_at(ky * K + kx, c);
            s0 += k * pixel(row, ix, c);
            s1 += k * pixel(row, ix + STRIDE, c);
            s2 += k * pixel(row, ix + 2u * STRIDE, c);
            s3 += k * pixel(row, ix + 3u * STRIDE, c);
        }
    }
    let at = id.z * shape.out_w + ox;
    y_set(at, c, activate(s0));
    if (ox + 1u < shape.out_w) { y_set(at + 1u, c, activate(s1)); }
    if (ox + 2u < shape.out_w) { y_set(at + 2u, c, activate(s2)); }
    if (ox + 3u < shape.out_w) { y_set(at + 3u, c, activate(s3)); }
}

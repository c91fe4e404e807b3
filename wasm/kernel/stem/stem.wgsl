// act(conv(x, w) + b), 3x3, stride 2, padding 1
// x [pictures,h,w,3], w [3,3,3,m] (ky,kx,in,out), b [m] -> y [pictures,out_h,out_w,m]
// One invocation computes four adjacent pixels of four output channels.

// row counts from the first picture's first.
fn pixel(row: u32, ix: u32) -> vec4f {
    return select(vec4f(), x_at(row * shape.w + min(ix, shape.w - 1u), 0u), ix < shape.w);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let ox = 4u * id.y;
    let picture = id.z / shape.out_h;
    let oy = id.z % shape.out_h;
    if (m >= shape.m4 || ox >= shape.out_w) { return; }
    var s0 = b_at(0u, m);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (var ky = 0u; ky < 3u; ky++) {
        // Above and left of the picture iy and ix wrap around to large numbers.
        let iy = oy * 2u + ky - 1u;
        if (iy >= shape.h) { continue; }
        let row = picture * shape.h + iy;
        for (var kx = 0u; kx < 3u; kx++) {
            let ix = ox * 2u + kx - 1u;
            let k = 3u * (ky * 3u + kx);
            let r = w_at(k, m);
            let g = w_at(k + 1u, m);
            let b = w_at(k + 2u, m);
            let p0 = pixel(row, ix);
            let p1 = pixel(row, ix + 2u);
            let p2 = pixel(row, ix + 4u);
            let p3 = pixel(row, ix + 6u);
            s0 += p0.r * r + p0.g * g + p0.b * b;
            s1 += p1.r * r + p1.g * g + p1.b * b;
            s2 += p2.r * r + p2.g * g + p2.b * b;
            s3 += p3.r * r + p3.g * g + p3.b * b;
        }
    }
    let at = id.z * shape.out_w + ox;
    y_set(at, m, activate(s0));
    if (ox + 1u < shape.out_w) { y_set(at + 1u, m, activate(s1)); }
    if (ox + 2u < shape.out_w) { y_set(at + 2u, m, activate(s2)); }
    if (ox + 3u < shape.out_w) { y_set(at + 3u, m, activate(s3)); }
}

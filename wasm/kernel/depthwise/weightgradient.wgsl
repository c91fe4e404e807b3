// The gradient of a depthwise convolution's weights, the output's rows of all
// pictures in parts that are to be added up
// x [pictures,h,w,c], dy [pictures,out_h,out_w,c] -> y [parts,K,K,c]
// One invocation sums a row of taps of four channels over a part.

fn pixel(row: u32, ix: u32, c: u32) -> vec4f {
    return select(vec4f(), x_at(row * shape.w + min(ix, shape.w - 1u), c), ix < shape.w);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let part = id.y;
    let ky = id.z;
    if (c >= shape.c4 || part >= shape.parts) { return; }
    var s0 = vec4f();
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    var s4 = s0;
    let to = min((part + 1u) * shape.part, shape.rows);
    for (var r = part * shape.part; r < to; r++) {
        let iy = (r % shape.out_h) * STRIDE + ky - K / 2u;
        if (iy >= shape.h) { continue; }
        let row = r / shape.out_h * shape.h + iy;
        for (var ox = 0u; ox < shape.out_w; ox++) {
            let d = dy_at(r * shape.out_w + ox, c);
            let ix = ox * STRIDE - K / 2u;
            s0 += d * pixel(row, ix, c);
            s1 += d * pixel(row, ix + 1u, c);
            s2 += d * pixel(row, ix + 2u, c);
            if (K == 5u) {
                s3 += d * pixel(row, ix + 3u, c);
                s4 += d * pixel(row, ix + 4u, c);
            }
        }
    }
    let at = (part * K + ky) * K;
    y_set(at, c, s0);
    y_set(at + 1u, c, s1);
    y_set(at + 2u, c, s2);
    if (K == 5u) {
        y_set(at + 3u, c, s3);
        y_set(at + 4u, c, s4);
    }
}

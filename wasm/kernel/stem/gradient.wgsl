// The gradient of the stem's weights, the output's rows of all pictures in parts
// that are to be added up
// x [pictures,h,w,3], dy [pictures,out_h,out_w,m] -> y [parts,3,3,3,m]
// One invocation sums the three channels of a tap, by four outputs, over a part.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let m = id.x;
    let part = id.y;
    let tap = id.z;
    if (m >= shape.m4 || part >= shape.parts) { return; }
    var r = vec4f();
    var g = r;
    var b = r;
    let to = min((part + 1u) * shape.part, shape.rows);
    for (var oy = part * shape.part; oy < to; oy++) {
        let iy = (oy % shape.out_h) * 2u + tap / 3u - 1u;
        if (iy >= shape.h) { continue; }
        let row = (oy / shape.out_h * shape.h + iy) * shape.w;
        for (var ox = 0u; ox < shape.out_w; ox++) {
            let ix = ox * 2u + tap % 3u - 1u;
            if (ix >= shape.w) { continue; }
            let d = dy_at(oy * shape.out_w + ox, m);
            let p = x_at(row + ix, 0u);
            r += p.r * d;
            g += p.g * d;
            b += p.b * d;
        }
    }
    let at = (part * 9u + tap) * 3u;
    y_set(at, m, r);
    y_set(at + 1u, m, g);
    y_set(at + 2u, m, b);
}

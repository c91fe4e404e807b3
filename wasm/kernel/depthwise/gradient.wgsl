// The gradient of a depthwise convolution's input, plus that which goes around
// dy [pictures,out_h,out_w,c], w [K,K,c], residual and y [pictures,h,w,c]
// One invocation computes four channels of a pixel.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let ix = id.y;
    let picture = id.z / shape.h;
    let iy = id.z % shape.h;
    if (c >= shape.c4 || ix >= shape.w) { return; }
    let at = id.z * shape.w + ix;
    var sum = residual_at(at, c);
    for (var ky = 0u; ky < K; ky++) {
        // Above and left of the first output ty and tx wrap around to large numbers.
        let ty = iy + K / 2u - ky;
        if (ty % STRIDE != 0u || ty / STRIDE >= shape.out_h) { continue; }
        let row = (picture * shape.out_h + ty / STRIDE) * shape.out_w;
        for (var kx = 0u; kx < K; kx++) {
            let tx = ix + K / 2u - kx;
            if (tx % STRIDE != 0u || tx / STRIDE >= shape.out_w) { continue; }
            sum += dy_at(row + tx / STRIDE, c) * w_at(ky * K + kx, c);
        }
    }
    y_set(at, c, sum);
}

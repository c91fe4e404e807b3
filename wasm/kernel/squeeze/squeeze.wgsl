// sigmoid(silu(mean·w + b)·w2 + b2)
// x [pictures,parts,c], whose sum over the parts by divisor is the mean: pixels,
// or chunks of them that the kernel before has averaged; w [c,s], b [s], w2 [s,c],
// b2 [c] -> y [pictures,c]
// One workgroup does a picture: s is small. shape.lanes invocations share the sum
// of a vector of four hidden units; shape.s4 vectors are all of them. The means
// lie in y until the gate does: workgroup memory for so many would be set to zero
// in front of every run, for which lavapipe takes seconds.

var<workgroup> partial: array<vec4f, INVOCATIONS>;
var<workgroup> hidden: array<vec4f, NARROW>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u) {
    for (var c = local; c < shape.c4; c += INVOCATIONS) {
        var sum = vec4f();
        for (var p = 0u; p < shape.parts; p++) { sum += x_at(group.z * shape.parts + p, c); }
        y_set(group.z, c, sum / f32(shape.divisor));
    }
    storageBarrier();
    for (var task = local; task < shape.s4 * shape.lanes; task += INVOCATIONS) {
        let j = task % shape.s4;
        var sum = vec4f();
        for (var c = task / shape.s4; c < shape.c4; c += shape.lanes) {
            let mean = y_at(group.z, c);
            sum += mean.x * w_at(4u * c, j);
            sum += mean.y * w_at(4u * c + 1u, j);
            sum += mean.z * w_at(4u * c + 2u, j);
            sum += mean.w * w_at(4u * c + 3u, j);
        }
        partial[task] = sum;
    }
    workgroupBarrier();
    for (var j = local; j < shape.s4; j += INVOCATIONS) {
        var sum = b_at(0u, j);
        for (var lane = 0u; lane < shape.lanes; lane++) { sum += partial[lane * shape.s4 + j]; }
        hidden[j] = act_silu(sum);
    }
    workgroupBarrier();
    for (var c = local; c < shape.c4; c += INVOCATIONS) {
        var sum = b2_at(0u, c);
        for (var j = 0u; j < shape.s4; j++) {
            let h = hidden[j];
            sum += h.x * w2_at(4u * j, c);
            sum += h.y * w2_at(4u * j + 1u, c);
            sum += h.z * w2_at(4u * j + 2u, c);
            sum += h.w * w2_at(4u * j + 3u, c);
        }
        y_set(group.z, c, act_sigmoid(sum));
    }
}

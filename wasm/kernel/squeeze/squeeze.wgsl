// sigmoid(silu(mean·w + b)·w2 + b2), the mean from the kernel before
// scratch [C], w [C,S], b [S], w2 [S,C], b2 [C] -> y [C]
// One workgroup does it all: S is small. LANES invocations share the sum of a
// vector of four hidden units; S4 vectors are all of them.

var<workgroup> partial: array<vec4f, S4 * LANES>;
var<workgroup> hidden: array<vec4f, S4>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(local_invocation_index) local: u32) {
    for (var task = local; task < S4 * LANES; task += INVOCATIONS) {
        let j = task % S4;
        var sum = vec4f();
        for (var c = task / S4; c < C4; c += LANES) {
            let mean = scratch_at(0u, c);
            sum += mean.x * w_at(4u * c, j);
            sum += mean.y * w_at(4u * c + 1u, j);
            sum += mean.z * w_at(4u * c + 2u, j);
            sum += mean.w * w_at(4u * c + 3u, j);
        }
        partial[task] = sum;
    }
    workgroupBarrier();
    for (var j = local; j < S4; j += INVOCATIONS) {
        var sum = b_at(0u, j);
        for (var lane = 0u; lane < LANES; lane++) { sum += partial[lane * S4 + j]; }
        hidden[j] = act_silu(sum);
    }
    workgroupBarrier();
    for (var c = local; c < C4; c += INVOCATIONS) {
        var sum = b2_at(0u, c);
        for (var j = 0u; j < S4; j++) {
            let h = hidden[j];
            sum += h.x * w2_at(4u * j, c);
            sum += h.y * w2_at(4u * j + 1u, c);
            sum += h.z * w2_at(4u * j + 2u, c);
            sum += h.w * w2_at(4u * j + 3u, c);
        }
        y_set(0u, c, act_sigmoid(sum));
    }
}

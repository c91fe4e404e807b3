// Mean and sum of squared deviations of parts of the rows
// x [rows,c] -> y [parts,2,c]
// One invocation takes four channels of a part. Squares are of the deviations
// from the part's first row: a large mean costs no digits.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let part = id.y;
    if (c >= shape.c4 || part >= shape.parts) { return; }
    let begin = part * shape.part;
    let end = min(begin + shape.part, shape.rows);
    if (begin >= end) {
        y_set(2u * part, c, vec4f());
        y_set(2u * part + 1u, c, vec4f());
        return;
    }
    let first = x_at(begin, c);
    var sum = vec4f();
    var squares = vec4f();
    for (var r = begin; r < end; r++) {
        let d = x_at(r, c) - first;
        sum += d;
        squares += d * d;
    }
    let n = f32(end - begin);
    let mean = sum / n;
    y_set(2u * part, c, first + mean);
    y_set(2u * part + 1u, c, max(squares - sum * mean, vec4f()));
}

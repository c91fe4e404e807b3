// The average, and where MAX the maximum, of each channel over a picture
// x [pictures,pixels,c] -> y [pictures,chunks,c] parts of the averages, that add
// up to them; or, with one chunk, [pictures,2,c] maxima, then averages
// One invocation reduces four channels of a chunk. There is no workgroup memory:
// a barrier costs SwiftShader about a millisecond a workgroup.

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    if (c >= shape.c4) { return; }
    let first = id.y * shape.chunk;
    let end = min(first + shape.chunk, shape.pixels);
    let before = id.z * shape.pixels;
    var sum = vec4f();
    var top = x_at(before + first, c);
    for (var p = first; p < end; p++) {
        let v = x_at(before + p, c);
        sum += v;
        top = max(top, v);
    }
    let row = id.z * (shape.chunks + MAX) + id.y;
    if (MAX == 1u) { y_set(row, c, top); }
    y_set(row + MAX, c, sum / f32(shape.pixels));
}

// Sums over parts of the rows that the backward pass needs: of the gradient
// before the activation, and of its product with x - mean
// dy, x [rows,c], stats [4,c] -> y [parts,2,c]
// One invocation takes four channels of a part.

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x;
    let part = id.y;
    if (c >= shape.c4 || part >= shape.parts) { return; }
    let scale = stats_at(0u, c);
    let shift = stats_at(1u, c);
    let mean = stats_at(2u, c);
    var sum = vec4f();
    var products = vec4f();
    let to = min((part + 1u) * shape.part, shape.rows);
    for (var r = part * shape.part; r < to; r++) {
        let v = x_at(r, c);
        let g = dy_at(r, c) * slope(fma(v, scale, shift));
        sum += g;
        products += g * (v - mean);
    }
    y_set(2u * part, c, sum);
    y_set(2u * part + 1u, c, products);
}

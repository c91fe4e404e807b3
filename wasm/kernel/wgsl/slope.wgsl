fn slope_none(z: vec4f) -> vec4f { return vec4f(1.0); }

fn slope_relu(z: vec4f) -> vec4f { return select(vec4f(), vec4f(1.0), z > vec4f()); }

fn slope_sigmoid(z: vec4f) -> vec4f {
    let s = act_sigmoid(z);
    return s * (1.0 - s);
}

fn slope_silu(z: vec4f) -> vec4f {
    let s = act_sigmoid(z);
    return s * (1.0 + z * (1.0 - s));
}

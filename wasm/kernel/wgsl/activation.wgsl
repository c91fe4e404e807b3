// exp takes only arguments <= 0: it cannot overflow.
fn act_sigmoid(v: vec4f) -> vec4f {
    let e = exp(-abs(v));
    return select(e, vec4f(1.0), v >= vec4f(0.0)) / (1.0 + e);
}

fn act_silu(v: vec4f) -> vec4f { return v * act_sigmoid(v); }

fn act_relu(v: vec4f) -> vec4f { return max(v, vec4f(0.0)); }

fn act_none(v: vec4f) -> vec4f { return v; }

"""Goldens of the network from a runtime that shares no code with it.

Builds efficientnet_b3 with two heads by onnx.helper from its own copy of
timm's table, fills it and the input from the integer hash that package bundle
documents, calibrates the batch-norm statistics on that input (so activations
stay of order one through all blocks), and runs it with onnxruntime.

    pip install numpy onnx onnxruntime
    python3 golden.py

writes golden.json (logits in full, 64 sampled values of each mark, and the
largest absolute value of each) and statistics.f16 (running mean, then running
variance of each batch-norm in order, half precision).
"""

import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

SEED, INPUT_SEED, EPS = 11, 7, 1e-5
HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = [  # repeats, kernel, stride, expand, out
    (2, 3, 1, 1, 24), (3, 3, 2, 6, 32), (3, 5, 2, 6, 48), (5, 3, 2, 6, 96),
    (5, 5, 1, 6, 136), (6, 5, 2, 6, 232), (2, 3, 1, 6, 384),
]


def hash32(seed, i):
    h = (np.uint64(seed) + i.astype(np.uint64) * np.uint64(0x9E3779B9)).astype(np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def uniform(seed, n):
    seed &= 0xFFFFFFFF
    return (hash32(seed, np.arange(n)) >> np.uint32(8)).astype(np.float64) / (1 << 23) - 1


def fnv1a(name):
    h = 0x811C9DC5
    for b in name.encode():
        h = ((h ^ b) * 0x01000193) & 0xFFFFFFFF
    return h


def golden_input(seed, size):
    cell, g = 16, size // 16 + 2
    coarse = uniform(seed, g * g * 3).reshape(g, g, 3)
    y = np.arange(size)
    at, t = y // cell, (y % cell) / cell
    tx, ty = t[None, :, None], t[:, None, None]
    top = coarse[at][:, at] * (1 - tx) + coarse[at][:, at + 1] * tx
    bottom = coarse[at + 1][:, at] * (1 - tx) + coarse[at + 1][:, at + 1] * tx
    fine = uniform(seed + 1, size * size * 3).reshape(size, size, 3)
    return (0.25 + 1.8 * (top * (1 - ty) + bottom * ty) + 0.4 * fine).astype(np.float32)


class Builder:
    def __init__(self, statistics):
        self.nodes, self.init, self.outputs, self.norms = [], [], [], []
        self.statistics = statistics  # name -> (mean, variance); None while calibrating
        self.count = 0

    def op(self, kind, inputs, name=None, **attributes):
        self.count += 1
        out = name or f"{kind}_{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def const(self, name, data, kind=TensorProto.FLOAT):
        data = np.ascontiguousarray(data)
        self.init.append(helper.make_tensor(name, kind, data.shape, data.tobytes(), raw=True))
        return name

    def output(self, name):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def weight(self, name, *shape):
        fan_in = int(np.prod(shape[1:]))
        u = uniform(SEED + fnv1a(name), int(np.prod(shape)))
        return self.const(name, (u * np.sqrt(6 / fan_in)).astype(np.float32).reshape(shape))

    def bias(self, name, n):
        return self.const(name, (uniform(SEED + fnv1a(name), n) * 0.1).astype(np.float32))

    def norm(self, name, x, n, rank=4):
        self.norms.append((name, n))
        gamma = (1 + 0.2 * uniform(SEED + fnv1a(name + ".weight"), n)).astype(np.float32)
        beta = (uniform(SEED + fnv1a(name + ".bias"), n) * 0.2).astype(np.float32)
        if self.statistics is not None:
            mean, variance = self.statistics[name]
            return self.op("BatchNormalization", [
                x, self.const(name + ".weight", gamma), self.const(name + ".bias", beta),
                self.const(name + ".running_mean", mean), self.const(name + ".running_var", variance),
            ], epsilon=EPS)
        # The statistics of this very input: over pixels, or over channels where there are none.
        axes = [2, 3] if rank == 4 else [1]
        mean = self.op("ReduceMean", [x], name + ".M", axes=axes, keepdims=1)
        d = self.op("Sub", [x, mean])
        variance = self.op("ReduceMean", [self.op("Mul", [d, d])], name + ".V", axes=axes, keepdims=1)
        self.output(mean)
        self.output(variance)
        eps = self.const(f"{name}.eps", np.float32([EPS]))
        z = self.op("Div", [d, self.op("Sqrt", [self.op("Add", [variance, eps])])])
        shape = (1, n, 1, 1) if rank == 4 else (1, n)
        z = self.op("Mul", [z, self.const(name + ".weight", gamma.reshape(shape))])
        return self.op("Add", [z, self.const(name + ".bias", beta.reshape(shape))])

    def silu(self, x):
        return self.op("Mul", [x, self.op("Sigmoid", [x])])

    def conv(self, name, norm, x, cin, cout, k, stride=1, groups=1, act=True):
        w = self.weight(name + ".weight", cout, cin // groups, k, k)
        x = self.op("Conv", [x, w], kernel_shape=[k, k], strides=[stride, stride], pads=[k // 2] * 4, group=groups)
        x = self.norm(norm, x, cout)
        return self.silu(x) if act else x

    def mark(self, name, x):
        self.op("Identity", [x], name)
        self.output(name)


def build(statistics):
    b = Builder(statistics)
    x = b.conv("conv_stem", "bn1", "input", 3, 40, 3, 2)
    b.mark("stem", x)
    cin = 40
    for s, (repeats, k, stride, expand, cout) in enumerate(TABLE):
        for i in range(repeats):
            p, st, mid, into = f"blocks.{s}.{i}", stride if i == 0 else 1, cin * expand, x
            n = 1
            if expand > 1:
                x = b.conv(p + ".conv_pw", p + ".bn1", x, cin, mid, 1)
                n = 2
            x = b.conv(p + ".conv_dw", f"{p}.bn{n}", x, mid, mid, k, st, mid)
            rd = cin // 4
            g = b.op("ReduceMean", [x], axes=[2, 3], keepdims=1)
            g = b.op("Conv", [g, b.weight(p + ".se.conv_reduce.weight", rd, mid, 1, 1), b.bias(p + ".se.conv_reduce.bias", rd)])
            g = b.op("Conv", [b.silu(g), b.weight(p + ".se.conv_expand.weight", mid, rd, 1, 1), b.bias(p + ".se.conv_expand.bias", mid)])
            x = b.op("Mul", [x, b.op("Sigmoid", [g])])
            x = b.conv(p + (".conv_pwl" if expand > 1 else ".conv_pw"), f"{p}.bn{n + 1}", x, mid, cout, 1, act=False)
            if st == 1 and cin == cout:
                x = b.op("Add", [x, into])
            cin = cout
        b.mark(f"stage{s}", x)
    x = b.conv("conv_head", "bn2", x, cin, 1536, 1)
    b.mark("head", x)
    average = b.op("Flatten", [b.op("GlobalAveragePool", [x])])
    both = b.op("Concat", [b.op("Flatten", [b.op("GlobalMaxPool", [x])]), average], axis=1)
    b.mark("features", both)
    z = b.norm("head.2", both, 3072, rank=2)
    z = b.op("Relu", [b.op("Gemm", [z, b.weight("head.4.weight", 512, 3072)], transB=1)])
    z = b.norm("head.6", z, 512, rank=2)
    b.op("Gemm", [z, b.weight("head.8.weight", 4, 512)], "fastai", transB=1)
    b.op("Gemm", [average, b.weight("classifier.weight", 4, 1536), b.bias("classifier.bias", 4)], "plain", transB=1)
    for name in ("fastai", "plain"):
        b.output(name)
    return b


def run(b, x):
    graph = helper.make_graph(b.nodes, "golden", [helper.make_tensor_value_info("input", TensorProto.FLOAT, None)], b.outputs, b.init)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [o.name for o in b.outputs]
    return dict(zip(names, session.run(names, {"input": x.transpose(2, 0, 1)[None]})))


def main():
    calibrating = build(None)
    seen = run(calibrating, golden_input(INPUT_SEED, 224))
    statistics, stored = {}, []
    for name, n in calibrating.norms:
        pair = [np.broadcast_to(seen[name + s].reshape(-1), n).astype(np.float16) for s in (".M", ".V")]
        stored += pair
        statistics[name] = [p.astype(np.float32) for p in pair]
    np.concatenate(stored).astype("<f2").tofile(os.path.join(HERE, "statistics.f16"))

    golden = {"runtime": "onnxruntime " + onnxruntime.__version__, "seed": SEED, "input_seed": INPUT_SEED, "sizes": {}}
    for size in (65, 224):
        b = build(statistics)
        tensors = {}
        for k, (name, v) in enumerate(run(b, golden_input(INPUT_SEED, size)).items()):
            v = v.transpose(0, 2, 3, 1).reshape(-1) if v.ndim == 4 else v.reshape(-1)  # NHWC
            at = np.arange(v.size) if v.size <= 64 else hash32(k, np.arange(64)) % np.uint32(v.size)
            tensors[name] = {
                "length": int(v.size), "max": float(np.abs(v).max()),
                "at": [int(i) for i in at], "values": [float(f"{z:.9g}") for z in v[at]],
            }
            print(size, name, v.size, "mean %.3f deviation %.3f largest %.3f" % (v.mean(), v.std(), np.abs(v).max()))
        golden["sizes"][str(size)] = tensors
    with open(os.path.join(HERE, "golden.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()

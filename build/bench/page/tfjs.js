// TensorFlow.js with its backend for WASM or for WebGPU. It is given the plan step by step: the
// same fused operations that its converter would choose, and no graph to
// interpret beside them.
import { fetched, nhwc, runtime } from "./picture.js";

const MODULES = "/bench/modules/@tensorflow/";

export async function open({ size, threads, device }) {
  const files = Promise.all([fetched(`/bench/model/b3-${size}.plan.json`), fetched(`/bench/model/b3-${size}.weights.f32`)]);
  // It asks the browser for the number of processors, and takes one thread
  // where there are two of them, whatever it was told.
  Object.defineProperty(navigator, "hardwareConcurrency", { get: () => 2 * threads });
  const backend = device === "webgpu" ? "webgpu" : "wasm";
  await script(`${MODULES}tfjs-core/dist/tf-core.min.js`);
  await script(`${MODULES}tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  if (backend === "wasm") {
    tf.wasm.setWasmPaths(`${MODULES}tfjs-backend-wasm/dist/`);
    tf.wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs: its backend ${backend} does not start`);
  await tf.ready();
  if (backend === "wasm" && tf.wasm.getThreadsCount() !== threads) throw new Error(`tfjs: ${tf.wasm.getThreadsCount()} threads, want ${threads}`);
  const [text, weights] = await files;
  const forward = network(JSON.parse(new TextDecoder().decode(text)), new Float32Array(weights));
  return runtime({ size, layout: nhwc, async run(x) {
    const input = tf.tensor(x, [1, size, size, 3]);
    const output = forward(input);
    const logits = await output.data();
    tf.dispose([input, output]);
    return logits;
  } });
}

function script(src) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src, onload: resolve, onerror: () => reject(new Error(src)) });
    document.head.append(element);
  });
}

/** network keeps the weights as tensors and returns the function of one picture. */
function network(plan, weights) {
  const tensors = plan.weights.map(({ shape, at }) => weights.subarray(at, at + shape.reduce((a, b) => a * b, 1)));
  const steps = plan.steps.map((s) => {
    const shape = (i) => plan.weights[i].shape;
    const filter = (i) => tf.tensor(tensors[i], [1, 1, ...shape(i)]);
    const vector = (i) => tf.tensor(tensors[i], shape(i));
    switch (s.op) {
      case "stem": return { ...s, filter: tf.tensor(tensors[s.w], shape(s.w)), bias: vector(s.b) };
      case "depthwise": return { ...s, filter: tf.tensor(tensors[s.w], [...shape(s.w), 1]), bias: vector(s.b) };
      case "pointwise": return { ...s, filter: filter(s.w), bias: vector(s.b) };
      case "squeeze": return { ...s, filter: filter(s.w), bias: vector(s.b), filter2: filter(s.w2), bias2: vector(s.b2) };
      case "dense": return { ...s, filter: vector(s.w), bias: vector(s.b) };
    }
    return s;
  });
  const silu = (x) => tf.mul(x, tf.sigmoid(x));
  const conv = (x, filter, bias, activation = "linear") => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "valid", activation });
  const compute = {
    stem: (s, x) => tf.fused.conv2d({ x, filter: s.filter, bias: s.bias, strides: 2, pad: around(1) }),
    depthwise: (s, x) => tf.fused.depthwiseConv2d({ x, filter: s.filter, bias: s.bias, strides: s.stride, pad: around((s.kernel - 1) / 2) }),
    pointwise: (s, x) => conv(x, s.filter, s.bias),
    squeeze: (s, x) => conv(silu(conv(tf.mean(x, [1, 2], true), s.filter, s.bias)), s.filter2, s.bias2, "sigmoid"),
    pool: (s, x) => tf.mean(x, [1, 2]),
    dense: (s, x) => tf.add(tf.matMul(x, s.filter), s.bias),
  };
  return (picture) => tf.tidy(() => {
    const values = [];
    values[plan.input] = picture;
    for (const s of steps) {
      const from = s.gate >= 0 ? tf.mul(values[s.in], values[s.gate]) : values[s.in];
      let x = compute[s.op](s, from);
      if (s.act === "silu") x = silu(x);
      if (s.residual >= 0) x = tf.add(x, values[s.residual]);
      values[s.out] = x;
    }
    return values[plan.outputs[0].value];
  });
}

const around = (p) => [[0, 0], [p, p], [p, p], [0, 0]];

// Writes a plan as a TFLite file. LiteRT reads nothing else, and the usual
// converters are toolchains of their own; a plan has seven kinds of steps, so
// the file is written directly. Numbers below are those of TFLite's schema,
// where a table's fields are counted from 0 and defaults may be left out.
import { Builder } from "flatbuffers";

const CODE = { ADD: 0, CONV_2D: 3, DEPTHWISE_CONV_2D: 4, FULLY_CONNECTED: 9, LOGISTIC: 14, MUL: 18, PAD: 34, MEAN: 40 };
const OPTIONS = { ADD: 11, CONV_2D: 1, DEPTHWISE_CONV_2D: 2, FULLY_CONNECTED: 8, MUL: 21, PAD: 22, MEAN: 27 }; // LOGISTIC has none
const CODES = Object.keys(CODE);
const FLOAT32 = 0, INT32 = 2;
const SAME = 0, VALID = 1;

/** tflite returns the file for a plan (see network/main.go) and its weights. */
export function tflite(plan, weights) {
  const net = new Network();
  const array = (i) => {
    const { shape, at } = plan.weights[i];
    return weights.subarray(at, at + shape.reduce((a, b) => a * b, 1));
  };
  const values = []; // plan value -> tensor
  const input = plan.values[plan.input];
  values[plan.input] = net.tensor([1, input.H, input.W, input.C]);

  for (const s of plan.steps) {
    const { H, W, C } = plan.values[s.out];
    const from = plan.values[s.in];
    const shape = [1, H, W, C];
    let x = values[s.in];
    if (s.gate >= 0) x = net.op("MUL", [x, values[s.gate]], [1, from.H, from.W, from.C]);
    switch (s.op) {
      case "stem": {
        const w = net.constant([C, 3, 3, 3], transposed(array(s.w), 27, C));
        x = net.op("CONV_2D", [net.padded(x, from, 1), w, net.constant([C], array(s.b))], shape, { padding: VALID, stride: 2 });
        break;
      }
      case "depthwise": {
        // Only stride 1 pads evenly by itself: at stride 2 SAME would pad less before than behind.
        const strided = s.stride > 1;
        if (strided) x = net.padded(x, from, (s.kernel - 1) / 2);
        const w = net.constant([1, s.kernel, s.kernel, C], array(s.w));
        x = net.op("DEPTHWISE_CONV_2D", [x, w, net.constant([C], array(s.b))], shape, { padding: strided ? VALID : SAME, stride: s.stride });
        break;
      }
      case "pointwise":
        x = net.pointwise(x, array(s.w), array(s.b), from.C, shape);
        break;
      case "squeeze": {
        const [, middle] = plan.weights[s.w].shape;
        x = net.op("MEAN", [x, net.integers([1, 2])], [1, 1, 1, from.C], { keep: true });
        x = net.activated("silu", net.pointwise(x, array(s.w), array(s.b), from.C, [1, 1, 1, middle]), [1, 1, 1, middle]);
        x = net.pointwise(x, array(s.w2), array(s.b2), middle, shape);
        x = net.activated("sigmoid", x, shape);
        break;
      }
      case "pool":
        if (s.pool !== "avg") throw new Error(`no pool ${s.pool}`);
        x = net.op("MEAN", [x, net.integers([1, 2])], [1, C], { keep: false });
        break;
      case "dense": {
        const w = net.constant([C, from.C], transposed(array(s.w), from.C, C));
        x = net.op("FULLY_CONNECTED", [x, w, net.constant([C], array(s.b))], [1, C]);
        break;
      }
      default:
        throw new Error(`no step ${s.op}`);
    }
    x = net.activated(s.act, x, shape);
    if (s.residual >= 0) x = net.op("ADD", [x, values[s.residual]], shape);
    values[s.out] = x;
  }
  return net.file([values[plan.input]], plan.outputs.map((o) => values[o.value]));
}

/** transposed turns w [rows, columns] into [columns, rows]. */
function transposed(w, rows, columns) {
  const t = new Float32Array(w.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) t[c * rows + r] = w[r * columns + c];
  return t;
}

/** Network collects tensors and operators, and writes them. */
class Network {
  buffers = [null]; // the first is the empty one of all that is computed
  tensors = [];
  operators = [];

  tensor(shape, type = FLOAT32, data = null) {
    if (data) this.buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return this.tensors.push({ shape, type, buffer: data ? this.buffers.length - 1 : 0 }) - 1;
  }

  constant(shape, data) { return this.tensor(shape, FLOAT32, data); }
  integers(data, shape = [data.length]) { return this.tensor(shape, INT32, new Int32Array(data)); }

  op(code, inputs, shape, options = {}) {
    const output = this.tensor(shape);
    this.operators.push({ code, inputs, output, options });
    return output;
  }

  padded(x, { H, W, C }, p) {
    return this.op("PAD", [x, this.integers([0, 0, p, p, p, p, 0, 0], [4, 2])], [1, H + 2 * p, W + 2 * p, C]);
  }

  pointwise(x, w, b, c, shape) {
    const m = shape[3];
    return this.op("CONV_2D", [x, this.constant([m, 1, 1, c], transposed(w, c, m)), this.constant([m], b)], shape, { padding: VALID, stride: 1 });
  }

  activated(kind, x, shape) {
    if (!kind) return x;
    const gate = this.op("LOGISTIC", [x], shape);
    if (kind === "sigmoid") return gate;
    if (kind === "silu") return this.op("MUL", [x, gate], shape);
    throw new Error(`no activation ${kind}`);
  }

  file(inputs, outputs) {
    const b = new Builder(64 << 20);
    const numbers = (list) => {
      b.startVector(4, list.length, 4);
      for (const v of [...list].reverse()) b.addInt32(v);
      return b.endVector();
    };
    const offsets = (list) => {
      b.startVector(4, list.length, 4);
      for (const v of [...list].reverse()) b.addOffset(v);
      return b.endVector();
    };
    const buffers = this.buffers.map((data) => {
      let vector = 0;
      if (data) {
        b.startVector(1, data.length, 16);
        b.space -= data.length; // the builder writes from the end; its own way is byte by byte
        b.bb.bytes().set(data, b.space);
        vector = b.endVector();
      }
      b.startObject(1);
      if (vector) b.addFieldOffset(0, vector, 0);
      return b.endObject();
    });
    const tensors = this.tensors.map((t, i) => {
      const shape = numbers(t.shape), name = b.createString(`t${i}`);
      b.startObject(4);
      b.addFieldOffset(0, shape, 0);
      b.addFieldInt8(1, t.type, 0);
      b.addFieldInt32(2, t.buffer, 0);
      b.addFieldOffset(3, name, 0);
      return b.endObject();
    });
    const operators = this.operators.map((o) => {
      const inputs = numbers(o.inputs), output = numbers([o.output]);
      const options = OPTIONS[o.code] && writeOptions(b, o);
      b.startObject(5);
      b.addFieldInt32(0, CODES.indexOf(o.code), 0);
      b.addFieldOffset(1, inputs, 0);
      b.addFieldOffset(2, output, 0);
      if (options) {
        b.addFieldInt8(3, OPTIONS[o.code], 0);
        b.addFieldOffset(4, options, 0);
      }
      return b.endObject();
    });
    const parts = [offsets(tensors), numbers(inputs), numbers(outputs), offsets(operators)];
    b.startObject(4);
    parts.forEach((part, field) => b.addFieldOffset(field, part, 0));
    const graph = b.endObject();
    const codes = CODES.map((name) => {
      b.startObject(4);
      b.addFieldInt8(0, CODE[name], 0);
      b.addFieldInt32(3, CODE[name], 0);
      return b.endObject();
    });
    const all = { 1: offsets(codes), 2: offsets([graph]), 4: offsets(buffers) };
    b.startObject(5);
    b.addFieldInt32(0, 3, 0); // version of the schema
    for (const [field, part] of Object.entries(all)) b.addFieldOffset(+field, part, 0);
    b.finish(b.endObject(), "TFL3");
    return b.asUint8Array();
  }
}

function writeOptions(b, { code, options: { padding, stride, keep } }) {
  b.startObject(4);
  if (code === "CONV_2D" || code === "DEPTHWISE_CONV_2D") {
    b.addFieldInt8(0, padding, 0);
    b.addFieldInt32(1, stride, 0);
    b.addFieldInt32(2, stride, 0);
  }
  if (code === "DEPTHWISE_CONV_2D") b.addFieldInt32(3, 1, 0); // outputs a channel
  if (code === "MEAN") b.addFieldInt8(0, keep ? 1 : 0, 0);
  return b.endObject();
}

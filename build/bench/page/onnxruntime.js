// onnxruntime-web, its WASM provider or the one for WebGPU.
import { fetched, nchw, runtime } from "./picture.js";

const DIST = "/bench/modules/onnxruntime-web/dist/";

export async function open({ size, threads, device }) {
  const model = fetched(`/bench/model/b3-${size}.onnx`);
  const ort = await import(`${DIST}ort.${device === "webgpu" ? "webgpu" : "wasm"}.min.mjs`);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = location.origin + DIST;
  const session = await ort.InferenceSession.create(new Uint8Array(await model), { executionProviders: [device === "webgpu" ? "webgpu" : "wasm"] });
  const [from] = session.inputNames, [to] = session.outputNames;
  return runtime({ size, layout: nchw, async run(x) {
    const outputs = await session.run({ [from]: new ort.Tensor("float32", x, [1, 3, size, size]) });
    return outputs[to].data;
  } });
}

// LiteRT.js: TFLite's interpreter with XNNPACK.
import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import { fetched, nhwc, runtime } from "./picture.js";

export async function open({ size, threads, device }) {
  const [file] = await Promise.all([
    fetched(`/bench/model/b3-${size}.tflite`),
    loadLiteRt("/bench/modules/@litertjs/core/wasm/", { threads: threads > 1 }),
  ]);
  const model = await loadAndCompile(new Uint8Array(file), 
    device === "webgpu" ? { accelerator: "webgpu" } : { accelerator: "wasm", cpuOptions: { numThreads: threads } });
  return runtime({ size, layout: nhwc, async run(x) {
    const input = new Tensor(x, [1, size, size, 3]);
    const [output] = await model.run(input);
    const logits = (device === "webgpu" ? await output.data() : output.toTypedArray()).slice();
    output.delete();
    input.delete();
    return logits;
  } });
}

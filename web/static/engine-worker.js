// Starts the engine: the Go WASM that computes, with SIMD where the browser
// has it. Messages that come before Go listens wait in blastlensEarly.
"use strict";

self.blastlensEarly = [];
self.onmessage = (event) => self.blastlensEarly.push(event.data);

importScripts("/wasm_exec.js");

// The smallest module with a v128 value: valid only where WASM SIMD is.
const simd = WebAssembly.validate(new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]));
const scalar = new URLSearchParams(self.location.search).has("scalar"); // asked for, to test it

// The kernels of the device "tab". Threads share a memory, which a browser
// allows only on pages that are isolated from others; the kernels without it are
// the same for one thread.
async function kernels() {
  if (!simd || scalar) return { reason: "this browser has no WASM SIMD" };
  const shared = self.crossOriginIsolated === true;
  try {
    const module = await WebAssembly.compileStreaming(fetch(shared ? "{{.Kernels}}" : "{{.KernelsSingle}}"));
    return { module, shared, pool: "{{.Pool}}" };
  } catch (error) {
    return { reason: error.message };
  }
}

(async () => {
  const go = new Go();
  const engine = simd && !scalar ? "{{.Engine}}" : "{{.EngineScalar}}";
  const [compiled, { instance }] = await Promise.all([
    kernels(), WebAssembly.instantiateStreaming(fetch(engine), go.importObject)]);
  self.blastlensKernels = compiled;
  await go.run(instance);
  throw new Error("the engine ended");
})().catch((error) => {
  self.postMessage(JSON.stringify({ v: {{.Wire}}, kind: "failed", reason: "The engine could not start: " + error.message }));
});

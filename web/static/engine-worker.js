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

(async () => {
  const go = new Go();
  const engine = simd && !scalar ? "{{.Engine}}" : "{{.EngineScalar}}";
  const { instance } = await WebAssembly.instantiateStreaming(fetch(engine), go.importObject);
  await go.run(instance);
  throw new Error("the engine ended");
})().catch((error) => {
  self.postMessage(JSON.stringify({ v: {{.Wire}}, kind: "failed", reason: "The engine could not start: " + error.message }));
});
